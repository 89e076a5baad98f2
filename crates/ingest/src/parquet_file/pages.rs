//! Reads the pages of one column of one row group, a portion of rows at a time.

use std::rc::Rc;
use std::sync::Arc;

use bytes::Bytes as Buffer;
use leads::Value;
use parquet::basic::{Compression, Encoding};
use parquet::column::page::{Page, PageReader};
use parquet::file::metadata::{ColumnChunkMetaData, RowGroupMetaData};
use parquet::file::serialized_reader::SerializedPageReader;

use super::cells::{Cells, Codebook, Values};
use super::hybrid::{ENDS_EARLY, Hybrid};
use super::packed::{PAGE_VALUES_MAX, Packed, take};
use super::schema::{Leaf, Meaning};
use super::snappy;
use super::store::{Cell, Store};
use crate::source::Data;

/// Where reading a column stands.
pub(crate) struct Cursor {
    leaf: Leaf,
    pages: SerializedPageReader<Data>,
    /// Whether pages come as they are in the file, compressed with Snappy.
    is_snappy: bool,
    /// What the last of those was decompressed to: memory for the next one.
    spare: Buffer,
    dictionary: Option<Rc<Codebook>>,
    page: Option<OpenPage>,
    /// Rows that nobody wants, still to be passed over.
    behind: usize,
    levels: Vec<u32>,
}

struct OpenPage {
    /// Rows (or entries of lists) not yet read.
    left: usize,
    defs: Option<Hybrid>,
    reps: Option<Hybrid>,
    values: Packed,
}

impl Cursor {
    /// At the beginning of a column of a row group.
    pub(crate) fn new(data: &Data, group: &RowGroupMetaData, leaf: &Leaf) -> Result<Self, String> {
        let chunk = group.columns().get(leaf.ordinal).ok_or("is missing")?;
        let start = chunk.dictionary_page_offset().unwrap_or_else(|| chunk.data_page_offset());
        let end = start.checked_add(chunk.compressed_size());
        let within = start >= 0
            && chunk.compressed_size() >= 0
            && end.and_then(|end| u64::try_from(end).ok()).is_some_and(|end| end <= data.len());
        if !within {
            return Err("lies outside the file".to_owned());
        }
        let rows = usize::try_from(group.num_rows()).map_err(|_| "has less than no rows")?;
        let is_snappy = chunk.compression() == Compression::SNAPPY;
        let chunk = if is_snappy { &as_it_is(chunk)? } else { chunk };
        let pages = SerializedPageReader::new(Arc::new(data.clone()), chunk, rows, None)
            .map_err(|error| error.to_string())?;
        let (leaf, spare) = (leaf.clone(), Buffer::new());
        let (dictionary, page, behind, levels) = (None, None, 0, Vec::new());
        Ok(Self { leaf, pages, is_snappy, spare, dictionary, page, behind, levels })
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
            (Packed::Codes(_), Values::Plain(_)) => cells.rows == 0,
            (Packed::Codes(_), Values::Coded(..)) | (_, Values::Plain(_)) => true,
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
            let page = self.pages.get_next_page().map_err(|error| error.to_string())?;
            match page.map(|page| self.decompressed(page)).transpose()? {
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

    /// A page that has been decompressed if it has to be.
    fn decompressed(&mut self, mut page: Page) -> Result<Page, String> {
        if !self.is_snappy {
            return Ok(page);
        }
        let (bytes, levels) = match &mut page {
            Page::DataPage { buf, .. } | Page::DictionaryPage { buf, .. } => (buf, 0),
            Page::DataPageV2 { is_compressed: false, .. } => return Ok(page),
            Page::DataPageV2 { buf, rep_levels_byte_len, def_levels_byte_len, .. } => {
                (buf, *rep_levels_byte_len as usize + *def_levels_byte_len as usize)
            }
        };
        let values = bytes.get(levels..).ok_or(ENDS_EARLY)?;
        // A page without a value has nothing that could be compressed.
        if values.is_empty() {
            return Ok(page);
        }
        let values = snappy::decompress(values, std::mem::take(&mut self.spare))?;
        if levels == 0 {
            self.spare = values.clone();
            *bytes = values;
        } else {
            *bytes = [&bytes[..levels], &values].concat().into();
            self.spare = values;
        }
        Ok(page)
    }

    fn codebook(&self, bytes: Buffer, count: usize) -> Result<Codebook, String> {
        let mut store = Store::new(&self.leaf);
        Packed::plain(bytes, &self.leaf).read(
            count.min(PAGE_VALUES_MAX),
            &mut store,
            &self.leaf,
            None,
        )?;
        let mut cells = (0..store.len()).map(|index| self.leaf.cell(&store, index));
        let is_text = self.leaf.meaning != Meaning::Text
            || !cells.any(|cell| matches!(cell, Cell::NoText(..)));
        Ok(Codebook { store, is_text })
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
                let values =
                    Packed::open(buf.slice(at..), encoding, num_values as usize, &self.leaf)?;
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
                    values: Packed::open(
                        buf.slice(reps + defs..),
                        encoding,
                        num_values as usize,
                        &self.leaf,
                    )?,
                })
            }
            Page::DictionaryPage { .. } => Err("has a second dictionary".to_owned()),
        }
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

/// A chunk that the library does not decompress, as we do it in [`snappy`].
fn as_it_is(chunk: &ColumnChunkMetaData) -> Result<ColumnChunkMetaData, String> {
    let uncompressed = chunk.clone().into_builder().set_compression(Compression::UNCOMPRESSED);
    uncompressed.build().map_err(|error| error.to_string())
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
