//! What the columns of a Parquet file mean: their dotted paths and the kind of their values.

use parquet::basic::{ConvertedType, LogicalType, Repetition, TimeUnit, Type as Physical};
use parquet::schema::types::{SchemaDescriptor, Type};

/// A column of values.
#[derive(Clone, Debug)]
pub(crate) struct Leaf {
    /// Its number in the file.
    pub(crate) ordinal: usize,
    /// Its dotted path, without the names that stand for "list" and "element".
    pub(crate) path: String,
    pub(crate) physical: Physical,
    /// The size of values of fixed length.
    pub(crate) length: usize,
    pub(crate) meaning: Meaning,
    /// The definition level of a value that is there.
    pub(crate) def_max: i16,
    pub(crate) rep_max: i16,
    /// Where the column holds lists.
    pub(crate) list: Option<List>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct List {
    /// The definition level from which there is an element.
    pub(crate) def: i16,
    /// Whether the elements are structs, of which this column is one field.
    pub(crate) of_structs: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Meaning {
    Integer,
    Unsigned,
    Float,
    Bool,
    Text,
    Millis,
    Micros,
    Nanos,
    /// Days since 1970-01-01.
    Date,
    /// Unscaled, with this many decimals.
    Decimal(i32),
    Uuid,
    Float16,
    /// Maps and intervals: they are no values of traits.
    Unreadable,
}

/// The columns of a file in their order.
pub(crate) fn leaves(schema: &SchemaDescriptor) -> Vec<Leaf> {
    let mut leaves = Vec::with_capacity(schema.num_columns());
    for field in schema.root_schema().get_fields() {
        let top = Node { path: String::new(), named: true, def: 0, rep: 0, list: None, map: false };
        walk(field, &top, &mut leaves);
    }
    leaves
}

struct Node {
    path: String,
    /// Whether the field's name is part of the path.
    named: bool,
    def: i16,
    rep: i16,
    list: Option<List>,
    map: bool,
}

fn walk(field: &Type, above: &Node, leaves: &mut Vec<Leaf>) {
    let info = field.get_basic_info();
    let repetition = if info.has_repetition() { info.repetition() } else { Repetition::REQUIRED };
    let def = above.def + i16::from(repetition != Repetition::REQUIRED);
    let rep = above.rep + i16::from(repetition == Repetition::REPEATED);
    let list = match above.list {
        None if repetition == Repetition::REPEATED => Some(List { def, of_structs: false }),
        list => list,
    };
    let path = match (above.named, above.path.is_empty()) {
        (false, _) => above.path.clone(),
        (true, true) => field.name().to_owned(),
        (true, false) => format!("{}.{}", above.path, field.name()),
    };
    if field.is_primitive() {
        let meaning = if above.map { Meaning::Unreadable } else { meaning(field) };
        let length = match field {
            Type::PrimitiveType { type_length, .. } => usize::try_from(*type_length).unwrap_or(0),
            Type::GroupType { .. } => 0,
        };
        leaves.push(Leaf {
            ordinal: leaves.len(),
            path,
            physical: field.get_physical_type(),
            length,
            meaning,
            def_max: def,
            rep_max: rep,
            list,
        });
        return;
    }
    let is = |logical: &LogicalType, converted: ConvertedType| {
        info.logical_type_ref() == Some(logical) || info.converted_type() == converted
    };
    let map = above.map
        || is(&LogicalType::Map, ConvertedType::MAP)
        || info.converted_type() == ConvertedType::MAP_KEY_VALUE;
    if let (true, [repeated]) = (is(&LogicalType::List, ConvertedType::LIST), field.get_fields()) {
        let inside = Node { path, named: false, def, rep, list, map };
        let wrapped = !repeated.is_primitive()
            && repeated.get_fields().len() == 1
            && repeated.name() != "array"
            && !repeated.name().ends_with("_tuple");
        if wrapped
            && repeated.get_basic_info().has_repetition()
            && repeated.get_basic_info().repetition() == Repetition::REPEATED
        {
            let (def, rep) = (def + 1, rep + 1);
            let list = list.or(Some(List { def, of_structs: false }));
            let element = Node { def, rep, list, ..inside };
            walk(&repeated.get_fields()[0], &element, leaves);
        } else {
            walk(repeated, &inside, leaves);
        }
        return;
    }
    for child in field.get_fields() {
        let list = list.map(|list| List { of_structs: true, ..list });
        let node = Node { path: path.clone(), named: true, def, rep, list, map };
        walk(child, &node, leaves);
    }
}

fn meaning(field: &Type) -> Meaning {
    let info = field.get_basic_info();
    match info.logical_type_ref() {
        Some(LogicalType::Timestamp(timestamp)) => {
            return match timestamp.unit {
                TimeUnit::MILLIS => Meaning::Millis,
                TimeUnit::MICROS => Meaning::Micros,
                TimeUnit::NANOS => Meaning::Nanos,
            };
        }
        Some(LogicalType::Date) => return Meaning::Date,
        Some(LogicalType::Decimal(decimal)) => return Meaning::Decimal(decimal.scale),
        Some(LogicalType::Integer(integer)) if !integer.is_signed => return Meaning::Unsigned,
        Some(LogicalType::Uuid) => return Meaning::Uuid,
        Some(LogicalType::Float16) => return Meaning::Float16,
        _ => {}
    }
    match info.converted_type() {
        ConvertedType::TIMESTAMP_MILLIS => return Meaning::Millis,
        ConvertedType::TIMESTAMP_MICROS => return Meaning::Micros,
        ConvertedType::DATE => return Meaning::Date,
        ConvertedType::DECIMAL => return Meaning::Decimal(field.get_scale()),
        ConvertedType::UINT_8
        | ConvertedType::UINT_16
        | ConvertedType::UINT_32
        | ConvertedType::UINT_64 => return Meaning::Unsigned,
        ConvertedType::INTERVAL | ConvertedType::BSON => return Meaning::Unreadable,
        _ => {}
    }
    match field.get_physical_type() {
        Physical::BOOLEAN => Meaning::Bool,
        Physical::INT32 | Physical::INT64 => Meaning::Integer,
        // The instants of old Spark and Hive files; decoded to milliseconds.
        Physical::INT96 => Meaning::Millis,
        Physical::FLOAT | Physical::DOUBLE => Meaning::Float,
        Physical::BYTE_ARRAY | Physical::FIXED_LEN_BYTE_ARRAY => Meaning::Text,
    }
}
