//! Reads the pages of one column of one row group, a portion of rows at a time.

use std::rc::Rc;
use std::sync::Arc;

use bytes::Bytes as Buffer;
use leads::Value;
use parquet::basic::{Encoding, Type as Physical};
use parquet::column::page::{Page, PageReader};
use parquet::file::metadata::RowGroupMetaData;
use parquet::file::serialized_reader::SerializedPageReader;

use super::delta;
use super::hybrid::{ENDS_EARLY, Hybrid};
use super::schema::{Leaf, Meaning};
use super::store::{Cell, Store};
use crate::source::Data;

/// Where reading a column stands.
pub(crate) struct Cursor {
    leaf: Leaf,
    pages: SerializedPageReader<Data>,
    dictionary: Option<Rc<Codebook>>,
    page: Option<OpenPage>,
    /// Rows that nobody wants, still to be passed over.
    behind: usize,
    levels: Vec<u32>,
}

/// The distinct values of a column within one row group.
#[derive(Debug)]
pub(crate) struct Codebook {
    pub(crate) store: Store,
    /// The values as properties have them; the first is that of a missing cell.
    pub(crate) values: Vec<Option<Value>>,
    /// Whether all that should be text is UTF-8.
    pub(crate) is_text: bool,
}

/// The cells of a column for some rows.
#[derive(Debug)]
pub(crate) struct Cells {
    /// Whether each row has a value; empty where all have one.
    pub(crate) present: Vec<bool>,
    pub(crate) values: Values,
    /// The lists of a column of lists, which has nothing else.
    pub(crate) lists: Vec<Option<Value>>,
    rows: usize,
}

#[derive(Debug)]
pub(crate) enum Values {
    Plain(Store),
    /// One more than the place in the codebook; 0 for a missing cell.
    Coded(Vec<u32>, Rc<Codebook>),
}

struct OpenPage {
    /// Rows (or entries of lists) not yet read.
    left: usize,
    defs: Option<Hybrid>,
    reps: Option<Hybrid>,
    values: Packed,
}

/// The values of a page as they are stored; missing ones have no place here.
enum Packed {
    Fixed4 { bytes: Buffer, at: usize },
    Fixed8 { bytes: Buffer, at: usize },
    Fixed { bytes: Buffer, at: usize, size: usize },
    Variable { bytes: Buffer, at: usize },
    Bits { bytes: Buffer, at: usize },
    Codes(Hybrid),
    Decoded { store: Store, at: usize },
}

/// No writer makes pages of more values; a page that claims to is taken for damage.
const PAGE_VALUES_MAX: usize = 1 << 24;

impl Cursor {
    /// At the beginning of a column of a row group.
    pub(crate) fn new(data: &Data, group: &RowGroupMetaData, leaf: &Leaf) -> Result<Self, String> {
        let chunk = group.columns().get(leaf.ordinal).ok_or("is missing")?;
        let start = chunk.dictionary_page_offset().unwrap_or(chunk.data_page_offset());
        let end = start.checked_add(chunk.compressed_size());
        let within = start >= 0
            && chunk.compressed_size() >= 0
            && end.and_then(|end| u64::try_from(end).ok()).is_some_and(|end| end <= data.len());
        if !within {
            return Err("lies outside the file".to_owned());
        }
        let rows = usize::try_from(group.num_rows()).map_err(|_| "has less than no rows")?;
        let pages = SerializedPageReader::new(Arc::new(data.clone()), chunk, rows, None)
            .map_err(|error| error.to_string())?;
        let (dictionary, page) = (None, None);
        Ok(Self { leaf: leaf.clone(), pages, dictionary, page, behind: 0, levels: Vec::new() })
    }

    /// Passes over `rows`.
    pub(crate) fn skip(&mut self, rows: usize) {
        self.behind += rows;
    }

    /// Reads the next `rows` into `cells`.
    pub(crate) fn read(&mut self, rows: usize, cells: &mut Cells) -> Result<(), String> {
        if self.leaf.list.is_some() {
            return self.read_lists(rows, cells);
        }
        self.catch_up()?;
        cells.clear();
        while cells.rows < rows {
            let page = self.page()?.ok_or("has fewer rows than its row group")?;
            let wanted = (rows - cells.rows).min(page.left);
            self.read_from_page(wanted, cells)?;
        }
        Ok(())
    }

    /// Reads and drops the rows that were passed over, whole pages of them unseen.
    fn catch_up(&mut self) -> Result<(), String> {
        let mut waste = None;
        while self.behind > 0 {
            if self.page.as_ref().is_none_or(|page| page.left == 0) && self.leaf.rep_max == 0 {
                let next = self.pages.peek_next_page().map_err(|error| error.to_string())?;
                let next = next.ok_or("has fewer rows than its row group")?;
                if let Some(rows) = next.num_levels.or(next.num_rows).filter(|_| !next.is_dict)
                    && rows <= self.behind
                {
                    self.pages.skip_next_page().map_err(|error| error.to_string())?;
                    self.behind -= rows;
                    continue;
                }
            }
            let page = self.page()?.ok_or("has fewer rows than its row group")?;
            let left = page.left;
            let wanted = self.behind.min(left);
            let waste = waste.get_or_insert_with(|| Cells::new(&self.leaf));
            waste.clear();
            self.read_from_page(wanted, waste)?;
            self.behind -= wanted;
        }
        Ok(())
    }

    fn read_from_page(&mut self, wanted: usize, cells: &mut Cells) -> Result<(), String> {
        let Some(page) = &mut self.page else { return Ok(()) };
        // Whether each row has a value.
        let mut present = None;
        if let Some(defs) = &mut page.defs
            && !defs.skip_run(self.leaf.def_max as u32, wanted)?
        {
            self.levels.clear();
            defs.read(wanted, 0, &mut self.levels)?;
            present = Some(self.levels.as_slice());
        }
        page.left -= wanted;
        let def_max = self.leaf.def_max as u32;
        let present = present.filter(|levels| levels.iter().any(|level| *level != def_max));
        match (&present, cells.present.is_empty()) {
            (None, true) => {}
            (None, false) => cells.present.resize(cells.rows + wanted, true),
            (Some(levels), _) => {
                cells.present.resize(cells.rows, true);
                cells.present.extend(levels.iter().map(|level| *level == def_max));
            }
        }
        let count = present
            .map_or(wanted, |levels| levels.iter().filter(|level| **level == def_max).count());

        let fits = match (&page.values, &cells.values) {
            (Packed::Codes(_), Values::Coded(..)) => true,
            (Packed::Codes(_), Values::Plain(_)) => cells.rows == 0,
            (_, Values::Plain(_)) => true,
            (_, Values::Coded(..)) => false,
        };
        if !fits {
            cells.decode(&self.leaf)?;
        }
        if let (Packed::Codes(codes), true) = (&mut page.values, fits) {
            let book = self.dictionary.clone().ok_or("has codes but no dictionary")?;
            cells.push_codes(codes, count, &book)?;
        } else {
            let Values::Plain(store) = &mut cells.values else { return Ok(()) };
            page.values.read(count, store, &self.leaf, self.dictionary.as_deref())?;
        }
        if let Some(levels) = present {
            cells.spread(levels, def_max, count)?;
        }
        cells.rows += wanted;
        Ok(())
    }

    /// The page that has the next row.
    fn page(&mut self) -> Result<Option<&mut OpenPage>, String> {
        while self.page.as_ref().is_none_or(|page| page.left == 0) {
            self.page = None;
            match self.pages.get_next_page().map_err(|error| error.to_string())? {
                None => return Ok(None),
                Some(Page::DictionaryPage { .. }) if self.dictionary.is_some() => {
                    return Err("has a second dictionary".to_owned());
                }
                Some(Page::DictionaryPage { buf, num_values, encoding, .. }) => {
                    if !matches!(encoding, Encoding::PLAIN | Encoding::PLAIN_DICTIONARY) {
                        return Err(format!("has a dictionary in the unknown encoding {encoding}"));
                    }
                    self.dictionary = Some(Rc::new(self.codebook(buf, num_values as usize)?));
                }
                Some(page) => self.page = Some(self.open(page)?),
            }
        }
        Ok(self.page.as_mut())
    }

    fn codebook(&self, bytes: Buffer, count: usize) -> Result<Codebook, String> {
        let mut store = Store::new(&self.leaf);
        Packed::plain(bytes, &self.leaf).read(
            count.min(PAGE_VALUES_MAX),
            &mut store,
            &self.leaf,
            None,
        )?;
        let cells = (0..store.len()).map(|index| self.leaf.cell(&store, index));
        let is_text = !cells.clone().any(|cell| matches!(cell, Cell::NoText(..)));
        let values = std::iter::once(None).chain(cells.map(Cell::value)).collect();
        Ok(Codebook { store, values, is_text })
    }

    fn open(&self, page: Page) -> Result<OpenPage, String> {
        let (def_max, rep_max) = (self.leaf.def_max, self.leaf.rep_max);
        match page {
            Page::DataPage {
                buf,
                num_values,
                encoding,
                def_level_encoding,
                rep_level_encoding,
                ..
            } => {
                let mut at = 0;
                let reps = levels_v1(&buf, &mut at, rep_max, rep_level_encoding)?;
                let defs = levels_v1(&buf, &mut at, def_max, def_level_encoding)?;
                let values = self.values(buf.slice(at..), encoding, num_values as usize)?;
                Ok(OpenPage { left: num_values as usize, defs, reps, values })
            }
            Page::DataPageV2 {
                buf,
                num_values,
                encoding,
                def_levels_byte_len,
                rep_levels_byte_len,
                ..
            } => {
                let (reps, defs) = (rep_levels_byte_len as usize, def_levels_byte_len as usize);
                if reps + defs > buf.len() {
                    return Err(ENDS_EARLY.to_owned());
                }
                let level = |from: usize, to: usize, max: i16| {
                    (max > 0).then(|| Hybrid::new(buf.slice(from..to), width(max))).transpose()
                };
                Ok(OpenPage {
                    left: num_values as usize,
                    reps: level(0, reps, rep_max)?,
                    defs: level(reps, reps + defs, def_max)?,
                    values: self.values(buf.slice(reps + defs..), encoding, num_values as usize)?,
                })
            }
            Page::DictionaryPage { .. } => Err("has a second dictionary".to_owned()),
        }
    }

    fn values(&self, bytes: Buffer, encoding: Encoding, count: usize) -> Result<Packed, String> {
        let leaf = &self.leaf;
        let max = count.min(PAGE_VALUES_MAX);
        let whole = matches!(leaf.physical, Physical::INT32 | Physical::INT64);
        let mut store = Store::new(leaf);
        match (encoding, &mut store) {
            (Encoding::PLAIN, _) => return Ok(Packed::plain(bytes, leaf)),
            (Encoding::RLE_DICTIONARY | Encoding::PLAIN_DICTIONARY, _) => {
                // A page of missing values only may have no codes at all.
                let width = bytes.first().copied().unwrap_or(0);
                let codes = if bytes.is_empty() { bytes } else { bytes.slice(1..) };
                return Ok(Packed::Codes(Hybrid::new(codes, u32::from(width))?));
            }
            (Encoding::RLE, Store::Integers(values)) if leaf.physical == Physical::BOOLEAN => {
                let mut bits = Hybrid::new(bytes.slice(4.min(bytes.len())..), 1)?;
                return Ok(Packed::Decoded {
                    store: {
                        // How many are there only the levels say: decode as far as they go.
                        let mut numbers = Vec::new();
                        while numbers.len() < max && bits.read(1, 0, &mut numbers).is_ok() {}
                        values.extend(numbers.into_iter().map(i64::from));
                        store
                    },
                    at: 0,
                });
            }
            (Encoding::DELTA_BINARY_PACKED, Store::Integers(values)) if whole => {
                let (mut numbers, _) = delta::binary_packed(&bytes, max)?;
                if leaf.physical == Physical::INT32 {
                    for number in &mut numbers {
                        *number = widen(*number as i32, leaf);
                    }
                }
                *values = numbers;
            }
            (Encoding::DELTA_LENGTH_BYTE_ARRAY, Store::Bytes(values)) => {
                delta::length_byte_array(&bytes, max, values)?;
            }
            (Encoding::DELTA_BYTE_ARRAY, Store::Bytes(values)) => {
                delta::byte_array(&bytes, max, values)?;
            }
            (Encoding::BYTE_STREAM_SPLIT, _) => {
                let size = match leaf.physical {
                    Physical::INT32 | Physical::FLOAT => 4,
                    Physical::INT64 | Physical::DOUBLE => 8,
                    _ => leaf.length,
                };
                let joined = delta::byte_stream_split(&bytes, size)?;
                return Ok(Packed::plain(joined.into(), leaf));
            }
            (encoding, _) => return Err(format!("has a page in the unknown encoding {encoding}")),
        }
        Ok(Packed::Decoded { store, at: 0 })
    }

    /// Reads the next `rows` of a column of lists.
    fn read_lists(&mut self, rows: usize, cells: &mut Cells) -> Result<(), String> {
        let Some(list) = self.leaf.list else { return Ok(()) };
        let leaf = self.leaf.clone();
        let dropped = std::mem::take(&mut self.behind);
        let rows = rows + dropped;
        cells.clear();
        let mut store = Store::new(&leaf);
        let def_max = leaf.def_max as u32;
        while cells.lists.len() < rows {
            let (mut items, mut there, mut first) = (Vec::new(), false, true);
            loop {
                let Some(page) = self.page()? else {
                    if first {
                        return Err("has fewer rows than its row group".to_owned());
                    }
                    break;
                };
                // An entry at repetition level 0 begins the next row.
                if !first && page.next_rep()? == 0 {
                    break;
                }
                page.take_rep()?;
                let def = page.take_def(def_max)?;
                page.left -= 1;
                first = false;
                there |= i64::from(def) >= i64::from(list.def) - 1;
                if def == def_max {
                    store.clear();
                    let dictionary = self.dictionary.clone();
                    if let Some(page) = &mut self.page {
                        page.values.read(1, &mut store, &leaf, dictionary.as_deref())?;
                    }
                    items.extend(leaf.cell(&store, 0).value());
                }
            }
            // A list of structs without this field says nothing of it.
            let there = there && !(list.of_structs && items.is_empty());
            cells.lists.push(there.then_some(Value::List(items)));
        }
        cells.lists.drain(..dropped);
        cells.rows = cells.lists.len();
        Ok(())
    }
}

impl OpenPage {
    /// The repetition level of the next entry, without taking it.
    fn next_rep(&mut self) -> Result<u32, String> {
        self.reps.as_mut().map_or(Ok(0), Hybrid::peek)
    }

    fn take_rep(&mut self) -> Result<u32, String> {
        take_level(self.reps.as_mut(), 0)
    }

    fn take_def(&mut self, max: u32) -> Result<u32, String> {
        take_level(self.defs.as_mut(), max)
    }
}

fn take_level(levels: Option<&mut Hybrid>, otherwise: u32) -> Result<u32, String> {
    let Some(levels) = levels else { return Ok(otherwise) };
    let level = levels.peek()?;
    levels.pass()?;
    Ok(level)
}

impl Packed {
    fn plain(bytes: Buffer, leaf: &Leaf) -> Self {
        let at = 0;
        match leaf.physical {
            Physical::INT32 | Physical::FLOAT => Self::Fixed4 { bytes, at },
            Physical::INT64 | Physical::DOUBLE => Self::Fixed8 { bytes, at },
            Physical::INT96 => Self::Fixed { bytes, at, size: 12 },
            Physical::FIXED_LEN_BYTE_ARRAY => Self::Fixed { bytes, at, size: leaf.length },
            Physical::BYTE_ARRAY => Self::Variable { bytes, at },
            Physical::BOOLEAN => Self::Bits { bytes, at },
        }
    }

    /// Appends the next `count` values to `store`.
    fn read(
        &mut self,
        count: usize,
        store: &mut Store,
        leaf: &Leaf,
        dictionary: Option<&Codebook>,
    ) -> Result<(), String> {
        match (self, store) {
            (Self::Fixed4 { bytes, at }, Store::Integers(out)) => {
                let words = take(bytes, at, count, 4)?.chunks_exact(4);
                let words =
                    words.map(|word| u32::from_le_bytes(word.try_into().unwrap_or_default()));
                if leaf.meaning == Meaning::Unsigned {
                    out.extend(words.map(i64::from));
                } else {
                    out.extend(words.map(|word| i64::from(word as i32)));
                }
            }
            (Self::Fixed8 { bytes, at }, Store::Integers(out)) => {
                let words = take(bytes, at, count, 8)?.chunks_exact(8);
                out.extend(
                    words.map(|word| i64::from_le_bytes(word.try_into().unwrap_or_default())),
                );
            }
            (Self::Fixed4 { bytes, at }, Store::Floats(out)) => {
                let words = take(bytes, at, count, 4)?.chunks_exact(4);
                out.extend(words.map(|word| {
                    let number = f32::from_le_bytes(word.try_into().unwrap_or_default());
                    shortest(number)
                }));
            }
            (Self::Fixed8 { bytes, at }, Store::Floats(out)) => {
                let words = take(bytes, at, count, 8)?.chunks_exact(8);
                out.extend(
                    words.map(|word| f64::from_le_bytes(word.try_into().unwrap_or_default())),
                );
            }
            (Self::Fixed { bytes, at, size }, Store::Integers(out)) => {
                let values = take(bytes, at, count, *size)?.chunks_exact(*size);
                out.extend(values.map(int96_millis));
            }
            (Self::Fixed { bytes, at, size }, Store::Bytes(out)) => {
                let values = take(bytes, at, count, *size)?;
                for index in 0..count {
                    out.push(&values[index * *size..(index + 1) * *size])?;
                }
            }
            (Self::Variable { bytes, at }, Store::Bytes(out)) => {
                for _ in 0..count {
                    let size = take(bytes, at, 1, 4)?;
                    let size = u32::from_le_bytes(size.try_into().unwrap_or_default());
                    out.push(take(bytes, at, 1, size as usize)?)?;
                }
            }
            (Self::Bits { bytes, at }, Store::Integers(out)) => {
                if at.saturating_add(count) > bytes.len().saturating_mul(8) {
                    return Err(ENDS_EARLY.to_owned());
                }
                out.extend(
                    (*at..*at + count).map(|bit| i64::from(bytes[bit / 8] >> (bit % 8) & 1)),
                );
                *at += count;
            }
            (Self::Decoded { store, at }, out) => {
                if at.saturating_add(count) > store.len() {
                    return Err(ENDS_EARLY.to_owned());
                }
                for index in *at..*at + count {
                    out.push_from(store, index)?;
                }
                *at += count;
            }
            (Self::Codes(codes), out) => {
                let book = dictionary.ok_or("has codes but no dictionary")?;
                let mut numbers = Vec::new();
                codes.read(count, 0, &mut numbers)?;
                for code in numbers {
                    if code as usize >= book.store.len() {
                        return Err("has a code that is not in its dictionary".to_owned());
                    }
                    out.push_from(&book.store, code as usize)?;
                }
            }
            _ => return Err("has values of another type than its schema says".to_owned()),
        }
        Ok(())
    }
}

impl Cells {
    pub(crate) fn new(leaf: &Leaf) -> Self {
        let values = Values::Plain(Store::new(leaf));
        Self { present: Vec::new(), values, lists: Vec::new(), rows: 0 }
    }

    pub(crate) fn is_present(&self, row: usize) -> bool {
        self.present.get(row).copied().unwrap_or(true)
    }

    fn clear(&mut self) {
        self.rows = 0;
        self.present.clear();
        self.lists.clear();
        match &mut self.values {
            Values::Plain(store) => store.clear(),
            Values::Coded(codes, _) => codes.clear(),
        }
    }

    fn push_codes(
        &mut self,
        codes: &mut Hybrid,
        count: usize,
        book: &Rc<Codebook>,
    ) -> Result<(), String> {
        if self.rows == 0 && !matches!(&self.values, Values::Coded(_, old) if Rc::ptr_eq(old, book))
        {
            let mut kept = match &mut self.values {
                Values::Coded(codes, _) => std::mem::take(codes),
                Values::Plain(_) => Vec::new(),
            };
            kept.clear();
            self.values = Values::Coded(kept, Rc::clone(book));
        }
        let Values::Coded(out, _) = &mut self.values else { return Ok(()) };
        let from = out.len();
        codes.read(count, 1, out)?;
        let max = book.store.len() as u32;
        if out[from..].iter().fold(false, |beyond, code| beyond | (code.wrapping_sub(1) >= max)) {
            return Err("has a code that is not in its dictionary".to_owned());
        }
        Ok(())
    }

    /// Moves the last `count` values to the rows that have one.
    fn spread(&mut self, levels: &[u32], def_max: u32, count: usize) -> Result<(), String> {
        match &mut self.values {
            Values::Coded(codes, _) => spread(codes, levels, def_max, count),
            Values::Plain(Store::Integers(values)) => spread(values, levels, def_max, count),
            Values::Plain(Store::Floats(values)) => spread(values, levels, def_max, count),
            Values::Plain(Store::Bytes(values)) => {
                let from = values.len() - count;
                let mut all = super::store::Bytes::default();
                for index in 0..from {
                    all.push(values.get(index))?;
                }
                let mut next = from;
                for level in levels {
                    if *level == def_max {
                        all.push(values.get(next))?;
                        next += 1;
                    } else {
                        all.push(&[])?;
                    }
                }
                *values = all;
            }
        }
        Ok(())
    }

    /// Replaces codes by what they stand for.
    fn decode(&mut self, leaf: &Leaf) -> Result<(), String> {
        if let Values::Coded(codes, book) = &self.values {
            let mut store = Store::new(leaf);
            for code in codes {
                match code.checked_sub(1) {
                    Some(index) => store.push_from(&book.store, index as usize)?,
                    None => store.push_missing(),
                }
            }
            self.values = Values::Plain(store);
        }
        Ok(())
    }
}

fn spread<T: Copy + Default>(values: &mut Vec<T>, levels: &[u32], def_max: u32, count: usize) {
    let from = values.len() - count;
    values.resize(from + levels.len(), T::default());
    let mut next = from + count;
    for (row, level) in levels.iter().enumerate().rev() {
        values[from + row] = if *level == def_max {
            next -= 1;
            values[next]
        } else {
            T::default()
        };
    }
}

/// The next `count` values of `size` bytes.
fn take<'b>(
    bytes: &'b Buffer,
    at: &mut usize,
    count: usize,
    size: usize,
) -> Result<&'b [u8], String> {
    let end = count.checked_mul(size).and_then(|total| at.checked_add(total)).ok_or(ENDS_EARLY)?;
    let taken = bytes.get(*at..end).ok_or(ENDS_EARLY)?;
    *at = end;
    Ok(taken)
}

fn levels_v1(
    bytes: &Buffer,
    at: &mut usize,
    max: i16,
    encoding: Encoding,
) -> Result<Option<Hybrid>, String> {
    if max == 0 {
        return Ok(None);
    }
    if encoding != Encoding::RLE {
        return Err(format!("has levels in the unknown encoding {encoding}"));
    }
    let size = take(bytes, at, 1, 4)?;
    let size = u32::from_le_bytes(size.try_into().unwrap_or_default()) as usize;
    let from = *at;
    take(bytes, at, 1, size)?;
    Hybrid::new(bytes.slice(from..*at), width(max)).map(Some)
}

/// How many bits a level up to `max` takes.
fn width(max: i16) -> u32 {
    16 - max.leading_zeros()
}

fn widen(number: i32, leaf: &Leaf) -> i64 {
    if leaf.meaning == Meaning::Unsigned { i64::from(number as u32) } else { i64::from(number) }
}

/// The number that a 32-bit float was written as: 0.1, not 0.10000000149.
fn shortest(number: f32) -> f64 {
    if number.fract() == 0.0 || !number.is_finite() {
        return f64::from(number);
    }
    number.to_string().parse().unwrap_or(f64::from(number))
}

/// Nanoseconds of the day and the Julian day, in milliseconds since 1970.
fn int96_millis(bytes: &[u8]) -> i64 {
    let (nanos, day) = bytes.split_at(8);
    let nanos = i64::from_le_bytes(nanos.try_into().unwrap_or_default());
    let day = i32::from_le_bytes(day.try_into().unwrap_or_default());
    (i64::from(day) - 2_440_588) * 86_400_000 + nanos.div_euclid(1_000_000)
}
