//! Segments that users saved: conditions with a name.

use leads::Timestamp;

use crate::db::{DbError, Param, Row, Tx};

/// A saved segment.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SavedSegment {
    /// Its id.
    pub id: String,
    /// Its name, which no other has.
    pub name: String,
    /// Its conditions, as a document.
    pub document: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// By whom.
    pub created_by: String,
    /// When it was last changed.
    pub updated_at: Timestamp,
}

/// Makes a segment, or changes the name and the document of the one with this id. A name that
/// another has is refused as [`DbError::Exists`].
pub fn put_segment(
    tx: &mut Tx<'_>,
    id: &str,
    name: &str,
    document: &str,
    by: &str,
    now: Timestamp,
) -> Result<(), DbError> {
    let insert = "INSERT INTO segment (id, name, document, created_at, created_by, updated_at)
        VALUES ($1, $2, $3, $4, $5, $4)
        ON CONFLICT (id) DO UPDATE SET name = excluded.name, document = excluded.document,
            updated_at = excluded.updated_at";
    let params: [Param<'_>; 5] = [id.into(), name.into(), document.into(), now.into(), by.into()];
    tx.execute(insert, &params).map(|_| ())
}

/// Removes a segment; answers whether it was there.
pub fn delete_segment(tx: &mut Tx<'_>, id: &str) -> Result<bool, DbError> {
    Ok(tx.execute("DELETE FROM segment WHERE id = $1", &[id.into()])? > 0)
}

/// A segment.
pub fn saved_segment(tx: &mut Tx<'_>, id: &str) -> Result<Option<SavedSegment>, DbError> {
    tx.find(&format!("{SELECT} WHERE id = $1"), &[id.into()], read)
}

/// All segments, by name.
pub fn saved_segments(tx: &mut Tx<'_>) -> Result<Vec<SavedSegment>, DbError> {
    let mut found = tx.query(SELECT, &[], read)?;
    found.sort_by(|one, other| one.name.cmp(&other.name));
    Ok(found)
}

const SELECT: &str = "SELECT id, name, document, created_at, created_by, updated_at FROM segment";

fn read(row: &Row<'_>) -> Result<SavedSegment, DbError> {
    Ok(SavedSegment {
        id: row.get(0)?,
        name: row.get(1)?,
        document: row.get(2)?,
        created_at: Timestamp::saturating_from_millis(row.get(3)?),
        created_by: row.get(4)?,
        updated_at: Timestamp::saturating_from_millis(row.get(5)?),
    })
}
