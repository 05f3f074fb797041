//! The format for programs: a JSON object for each report. All keys are always there.

use serde::ser::{Serialize, SerializeMap, SerializeSeq, Serializer};

use super::{Place, Report};
use crate::lang::source::SourceMap;

pub(super) fn render(report: &Report, sources: &SourceMap) -> String {
    let end = sources.line_column(report.file, report.span.end.max(report.span.start));
    let object = Object { report, end };
    // Writing strings and numbers to memory does not fail.
    serde_json::to_string(&object).unwrap_or_default() + "\n"
}

struct Object<'r> {
    report: &'r Report<'r>,
    end: (u32, u32),
}

impl Serialize for Object<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let report = self.report;
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("code", &report.code.to_string())?;
        map.serialize_entry("category", report.code.category())?;
        map.serialize_entry("message", &report.text())?;
        map.serialize_entry("file", report.place.file)?;
        map.serialize_entry("line", &report.place.line)?;
        map.serialize_entry("column", &report.place.column)?;
        map.serialize_entry("endLine", &self.end.0)?;
        map.serialize_entry("endColumn", &self.end.1)?;
        map.serialize_entry("help", &report.help)?;
        map.serialize_entry("note", &report.note)?;
        map.serialize_entry("trace", &Trace(&report.trace))?;
        map.end()
    }
}

struct Trace<'r>(&'r [(&'r str, Place<'r>)]);

impl Serialize for Trace<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut seq = serializer.serialize_seq(Some(self.0.len()))?;
        for (function, place) in self.0 {
            seq.serialize_element(&Call { function, place })?;
        }
        seq.end()
    }
}

struct Call<'r> {
    function: &'r str,
    place: &'r Place<'r>,
}

impl Serialize for Call<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(4))?;
        map.serialize_entry("function", self.function)?;
        map.serialize_entry("file", self.place.file)?;
        map.serialize_entry("line", &self.place.line)?;
        map.serialize_entry("column", &self.place.column)?;
        map.end()
    }
}
