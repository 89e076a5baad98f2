//! Enumerations that stand in columns as words.

/// An enumeration whose members have words, which is how columns and JSON hold them.
macro_rules! words {
    (
        $(#[$about:meta])*
        pub enum $name:ident { $( $(#[$member_about:meta])* $member:ident = $word:literal, )* }
    ) => {
        $(#[$about])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
        #[derive(serde::Serialize, serde::Deserialize)]
        pub enum $name { $( $(#[$member_about])* #[serde(rename = $word)] $member, )* }

        impl $name {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$member),*];

            /// Its word.
            pub fn as_str(self) -> &'static str {
                match self { $( Self::$member => $word, )* }
            }

            /// The one with this word.
            pub fn parse(word: &str) -> Option<Self> {
                match word { $( $word => Some(Self::$member), )* _ => None }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl $crate::db::Column for $name {
            fn read(row: &$crate::db::Row<'_>, index: usize) -> Result<Self, $crate::db::DbError> {
                let word: String = row.get(index)?;
                Self::parse(&word).ok_or_else(|| {
                    $crate::db::DbError::Damaged(format!("{word:?} is no {}", stringify!($name)))
                })
            }
        }
    };
}

pub(crate) use words;
