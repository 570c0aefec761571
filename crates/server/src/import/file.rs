//! A file of subscriptions, cut into rows while it comes in: JSON lines or CSV (RFC 4180; commas, semicolons or tabs).
//!
//! Left out: what a row says (`row`). Invariant: no more than one row is in memory, however the file is made: a row without an end is given up at
//! [`MAX_ROW_BYTES`], and the next one begins at the next line.

use campanile_core::FieldError;

/// The longest row that is read, bytes: a profile with all properties that it may have, written in JSON within CSV.
pub const MAX_ROW_BYTES: usize = 256 * 1024;

/// How a file is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// A JSON object in each line.
    Jsonl,
    /// A header, then a row for each subscription.
    Csv,
}

impl Format {
    /// Its name in the API and in the store.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Jsonl => "jsonl",
            Self::Csv => "csv",
        }
    }

    /// The one that `?format=`, a media type or the end of a file's name speaks of.
    pub fn named(text: &str) -> Option<Self> {
        let text = text
            .split(';')
            .next()
            .unwrap_or_default()
            .trim()
            .to_ascii_lowercase();
        match text.as_str() {
            "jsonl"
            | "ndjson"
            | "application/x-ndjson"
            | "application/ndjson"
            | "application/jsonl"
            | "application/json" => Some(Self::Jsonl),
            "csv" | "tsv" | "text/csv" | "text/tab-separated-values" => Some(Self::Csv),
            _ => None,
        }
    }

    /// The one that a file's first bytes look like; or why it is neither.
    pub fn of(first: &[u8], told: Option<Self>) -> Result<Self, FieldError> {
        let refuse = |message: &str| Err(FieldError::new("file", message));
        if first.starts_with(b"PK\x03\x04") || first.starts_with(&[0xd0, 0xcf, 0x11, 0xe0]) {
            return refuse(
                "This is a ZIP archive or a spreadsheet, not text. Unpack it, or save the sheet as CSV, and give the file that comes out.",
            );
        }
        if first.starts_with(&[0x1f, 0x8b]) {
            return refuse(
                "This file is packed with gzip. Unpack it (gunzip) and give the file that comes out.",
            );
        }
        if first.starts_with(&[0xff, 0xfe]) || first.starts_with(&[0xfe, 0xff]) {
            return refuse("This file is written in UTF-16. Save it as UTF-8.");
        }
        let text = first.strip_prefix(MARK).unwrap_or(first).trim_ascii_start();
        if text.starts_with(b"[") {
            return refuse(
                "This file is one JSON array. Write each object in a line of its own: jq -c '.[]' file.json > file.jsonl",
            );
        }
        Ok(match told {
            Some(format) => format,
            None if text.starts_with(b"{") => Self::Jsonl,
            None => Self::Csv,
        })
    }
}

/// UTF-8's byte order mark, which spreadsheets write.
const MARK: &[u8] = b"\xef\xbb\xbf";

/// A row as it stands in the file.
#[derive(Debug, PartialEq, Eq)]
pub enum Cut {
    /// Its bytes, without the end of line.
    Row(Vec<u8>),
    /// It was longer than is read.
    TooLong,
}

/// Where in a cell a cutter is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Quotes {
    Outside,
    Inside,
    /// A quote has just closed it; another one at once is a quote inside.
    Closed,
}

/// Cuts a file that comes in piece by piece.
#[derive(Debug)]
pub struct Cutter {
    format: Format,
    row: Vec<u8>,
    /// The row is too long; all up to the next line is dropped.
    dropping: bool,
    /// Inside of quotes a line may end and the row goes on.
    quotes: Quotes,
    /// The byte before.
    before: u8,
    begun: bool,
}

impl Cutter {
    /// Before the first byte.
    pub fn new(format: Format) -> Self {
        Self {
            format,
            row: Vec::new(),
            dropping: false,
            quotes: Quotes::Outside,
            before: b'\n',
            begun: false,
        }
    }

    /// Takes bytes; gives what rows end in them.
    pub fn cut(&mut self, bytes: &[u8]) -> Vec<Cut> {
        let mut rows = Vec::new();
        for piece in bytes.split_inclusive(|byte| *byte == b'\n') {
            let ends = piece.last() == Some(&b'\n');
            if !self.dropping {
                if self.format == Format::Csv {
                    for byte in piece {
                        self.quote(*byte);
                    }
                }
                if self.row.len() + piece.len() > MAX_ROW_BYTES {
                    self.row = Vec::new();
                    self.dropping = true;
                } else {
                    self.row.extend_from_slice(piece);
                }
            }
            if ends && (self.dropping || self.quotes != Quotes::Inside) {
                rows.push(self.end_row());
            }
        }
        rows
    }

    /// A quote opens at the start of a cell only, as [`cells`] reads it; two of them inside of one are a quote.
    fn quote(&mut self, byte: u8) {
        let starts =
            matches!(self.before, b',' | b';' | b'\t' | b'\n') || self.before == MARK[2] && !self.begun;
        self.quotes = match (self.quotes, byte) {
            (Quotes::Inside, b'"') => Quotes::Closed,
            (Quotes::Inside, _) | (Quotes::Closed, b'"') => Quotes::Inside,
            (Quotes::Outside, b'"') if starts => Quotes::Inside,
            _ => Quotes::Outside,
        };
        self.before = byte;
    }

    /// The row that no line ends, if there is one.
    pub fn end(mut self) -> Option<Cut> {
        (self.dropping || !self.row.is_empty()).then(|| self.end_row())
    }

    fn end_row(&mut self) -> Cut {
        self.quotes = Quotes::Outside;
        self.before = b'\n';
        if std::mem::take(&mut self.dropping) {
            self.begun = true;
            return Cut::TooLong;
        }
        let mut row = std::mem::take(&mut self.row);
        while matches!(row.last(), Some(b'\n' | b'\r')) {
            row.pop();
        }
        if !std::mem::replace(&mut self.begun, true) && row.starts_with(MARK) {
            row.drain(..MARK.len());
        }
        Cut::Row(row)
    }
}

/// The cells of a row.
pub fn cells(row: &str, between: char) -> Vec<String> {
    let mut cells = vec![String::new()];
    let mut quoted = false;
    let mut signs = row.chars().peekable();
    while let Some(sign) = signs.next() {
        let last = cells.len() - 1;
        match sign {
            '"' if quoted && signs.peek() == Some(&'"') => {
                signs.next();
                cells[last].push('"');
            }
            '"' if quoted => quoted = false,
            '"' if cells[last].is_empty() => quoted = true,
            sign if sign == between && !quoted => cells.push(String::new()),
            sign => cells[last].push(sign),
        }
    }
    cells
}

/// What stands between the cells, by the header.
pub fn separator(header: &str) -> char {
    let count = |sign: char| header.chars().filter(|other| *other == sign).count();
    [';', '\t']
        .into_iter()
        .find(|sign| count(*sign) > count(','))
        .unwrap_or(',')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(format: Format, pieces: &[&[u8]]) -> Vec<Cut> {
        let mut cutter = Cutter::new(format);
        let mut rows: Vec<Cut> = pieces.iter().flat_map(|piece| cutter.cut(piece)).collect();
        rows.extend(cutter.end());
        rows
    }

    fn row(text: &str) -> Cut {
        Cut::Row(text.as_bytes().to_vec())
    }

    #[test]
    fn rows_are_the_same_however_they_come_in() {
        let file = b"\xef\xbb\xbfa,b\r\n1,\"two\nlines, \"\"said\"\"\"\r\n\r\n3,4";
        let whole = all(Format::Csv, &[file]);
        let expected = [
            row("a,b"),
            row("1,\"two\nlines, \"\"said\"\"\""),
            row(""),
            row("3,4"),
        ];
        assert_eq!(whole, expected);
        let bytes: Vec<&[u8]> = file.chunks(1).collect();
        assert_eq!(all(Format::Csv, &bytes), expected);
        assert_eq!(
            all(Format::Jsonl, &[b"{\"a\": \"b\n{}"]),
            [row("{\"a\": \"b"), row("{}")],
            "a quote means nothing between JSON lines"
        );
    }

    #[test]
    fn a_row_without_an_end_is_given_up() {
        let long = vec![b'x'; MAX_ROW_BYTES / 2];
        let rows = all(
            Format::Csv,
            &[b"a\n\"never closed\n", &long, &long, &long, b"\nnext\n"],
        );
        assert_eq!(rows, [row("a"), Cut::TooLong, row("next")]);
        assert_eq!(all(Format::Jsonl, &[&long, &long, &long]), [Cut::TooLong]);
    }

    #[test]
    fn a_quote_inside_of_a_cell_swallows_nothing() {
        let rows = |text: &str| {
            let mut cutter = Cutter::new(Format::Csv);
            let mut rows: Vec<String> = Vec::new();
            let mut keep = |cut: Cut| match cut {
                Cut::Row(row) => rows.push(String::from_utf8(row).expect("text")),
                Cut::TooLong => rows.push("too long".to_owned()),
            };
            // Byte by byte, as a file may come in.
            for byte in text.bytes() {
                cutter.cut(&[byte]).into_iter().for_each(&mut keep);
            }
            cutter.end().into_iter().for_each(&mut keep);
            rows
        };
        assert_eq!(rows("a,5\" pipe,b\nc,d,e\n"), ["a,5\" pipe,b", "c,d,e"]);
        assert_eq!(rows("\u{feff}\"a\n1\",b\nc"), ["\"a\n1\",b", "c"]);
        assert_eq!(
            rows("a;\"say \"\"x\"\"\n\";c\nd"),
            ["a;\"say \"\"x\"\"\n\";c", "d"]
        );
        assert_eq!(rows("a,\"\",b\nc"), ["a,\"\",b", "c"]);
    }

    #[test]
    fn cells_of_a_row() {
        assert_eq!(
            cells("a,\"b, \"\"c\"\"\",,d\"e", ','),
            ["a", "b, \"c\"", "", "d\"e"]
        );
        assert_eq!(cells("a;b,c", separator("x;y;z,1")), ["a", "b,c"]);
        assert_eq!(separator("endpoint,auth"), ',');
        assert_eq!(separator("endpoint\tauth"), '\t');
    }

    #[test]
    fn what_is_no_text_is_named() {
        for (first, words) in [
            (&b"PK\x03\x04rest"[..], "ZIP"),
            (&[0x1f, 0x8b, 8], "gzip"),
            (&[0xff, 0xfe, b'a'], "UTF-16"),
            (b" [{}", "array"),
        ] {
            let fault = Format::of(first, None).expect_err(words);
            assert!(fault.message.contains(words), "{fault}");
        }
        assert_eq!(Format::of(b"\n{\"a\"", None), Ok(Format::Jsonl));
        assert_eq!(Format::of(b"endpoint", None), Ok(Format::Csv));
        assert_eq!(Format::of(b"endpoint", Some(Format::Jsonl)), Ok(Format::Jsonl));
    }
}
