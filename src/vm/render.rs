//! Values as text: what `print`, `format`, `as string` and messages show.
//!
//! How it works. Values within values wait on a stack of frames, one for each object that is open, so depth costs no stack of
//! Rust's. An enum whose last payload is open needs nothing but its closing parenthesis, and equal closings are counted: so a
//! list of any length takes one frame. The arrays, maps and structs around a value are remembered where their types allow
//! that it contains them, so that it ends with `...` there.
//!
//! Nothing here allocates in the heap until the text is complete, so what has been written is never written again.

use super::address::AddressSet;
use super::context::{Context, View};
use super::fault::{CUT_LENGTH, Fault, RuntimeError};
use super::heap::{Array, MapRef, Ref, Str};
use super::host::Host;
use super::layout::Elem;
use super::number;
use crate::bytecode::{FormatId, Kind, Layout, Piece, Spec, TypeDesc, TypeId};

/// Frames that are opened or continued between two looks at the interrupt bit.
const POLL_EVERY: u32 = 1 << 12;
/// Objects around a value that are found by looking at each.
const FEW: usize = 16;

/// Where text goes.
trait Sink {
    fn put(&mut self, bytes: &[u8]) -> Result<(), Fault>;
}

impl Sink for Host {
    fn put(&mut self, bytes: &[u8]) -> Result<(), Fault> {
        self.write(bytes)
    }
}

/// Text that will become a string of the heap.
struct Text<'a> {
    view: View<'a>,
    bytes: Vec<u8>,
}

impl Text<'_> {
    #[cold]
    fn grow(&mut self, more: usize) -> Result<(), Fault> {
        let more = more.max(self.bytes.capacity()).max(64);
        if !self.view.heap.has_room(self.bytes.capacity() + more) || self.bytes.try_reserve(more).is_err() {
            return Err(RuntimeError::OutOfMemory.into());
        }
        Ok(())
    }
}

impl Sink for Text<'_> {
    fn put(&mut self, bytes: &[u8]) -> Result<(), Fault> {
        if self.bytes.capacity() - self.bytes.len() < bytes.len() {
            self.grow(bytes.len())?;
        }
        self.bytes.extend_from_slice(bytes);
        Ok(())
    }
}

/// The beginning of a text, for a message.
#[derive(Default)]
struct Beginning {
    text: String,
    scalars: usize,
}

impl Sink for Beginning {
    fn put(&mut self, bytes: &[u8]) -> Result<(), Fault> {
        // All texts that are put are whole scalar values.
        for scalar in String::from_utf8_lossy(bytes).chars() {
            if self.scalars > CUT_LENGTH {
                // Nobody sees this fault: it only ends the rendering.
                return Err(Fault::Interrupted);
            }
            self.text.push(scalar);
            self.scalars += 1;
        }
        Ok(())
    }
}

/// An object that is open.
enum Frame<'a> {
    /// An array: its element type, and which comes next.
    Array(TypeId, Array, u32),
    /// A map: its key and value types, and the position where the next entry is looked for.
    Map(TypeId, TypeId, MapRef, u64),
    /// A struct: which field comes next.
    Struct(&'a Layout, Ref, usize),
    /// An enum's payloads likewise.
    Variant(&'a Layout, Ref, usize),
    /// So many closing parentheses.
    Close(u64),
}

struct Renderer<'a, S> {
    view: View<'a>,
    sink: &'a mut S,
    frames: Vec<Frame<'a>>,
    path: Path,
    steps: u32,
}

/// The objects around a value that it might contain.
#[derive(Default)]
struct Path {
    list: Vec<u64>,
    /// Those of the list, once they are many.
    set: AddressSet<u64>,
}

impl Path {
    fn contains(&self, object: Ref) -> bool {
        if self.list.len() <= FEW {
            self.list.contains(&object.bits())
        } else {
            self.set.contains(&object.bits())
        }
    }

    fn push(&mut self, view: View<'_>, object: Ref) -> Result<(), Fault> {
        if self.list.len() == self.list.capacity() {
            let more = self.list.len().max(FEW);
            let room = view.heap.has_room(more * 64);
            if !room || self.list.try_reserve(more).is_err() || self.set.try_reserve(2 * more).is_err() {
                return Err(RuntimeError::OutOfMemory.into());
            }
        }
        self.list.push(object.bits());
        if self.list.len() == FEW + 1 {
            self.set.extend(&self.list);
        } else if self.list.len() > FEW {
            self.set.insert(object.bits());
        }
        Ok(())
    }

    fn pop(&mut self) {
        if let Some(object) = self.list.pop()
            && self.list.len() >= FEW
        {
            if self.list.len() == FEW {
                self.set.clear();
            } else {
                self.set.remove(&object);
            }
        }
    }
}

impl<'a, S: Sink> Renderer<'a, S> {
    fn new(view: View<'a>, sink: &'a mut S) -> Renderer<'a, S> {
        Renderer { view, sink, frames: Vec::new(), path: Path::default(), steps: 0 }
    }

    /// Writes a value, and all that is in it.
    fn render(&mut self, ty: TypeId, slot: u64, nested: bool) -> Result<(), Fault> {
        self.value(ty, slot, nested)?;
        while let Some(frame) = self.frames.pop() {
            self.steps += 1;
            if self.steps.is_multiple_of(POLL_EVERY) {
                self.view.check_interrupt()?;
            }
            self.advance(frame)?;
        }
        Ok(())
    }

    fn push(&mut self, frame: Frame<'a>) -> Result<(), Fault> {
        if self.frames.len() == self.frames.capacity() {
            let more = self.frames.len().max(8);
            let room = self.view.heap.has_room(2 * more * size_of::<Frame>());
            if !room || self.frames.try_reserve(more).is_err() {
                return Err(RuntimeError::OutOfMemory.into());
            }
        }
        self.frames.push(frame);
        Ok(())
    }

    fn text(&mut self, text: &str) -> Result<(), Fault> {
        self.sink.put(text.as_bytes())
    }

    /// Writes a value that holds no others, or the beginning of one that does, which becomes a frame.
    fn value(&mut self, ty: TypeId, slot: u64, nested: bool) -> Result<(), Fault> {
        match self.view.program.ty(ty) {
            TypeDesc::I32 | TypeDesc::I64 => self.sink.put(number::signed(slot as i64).as_bytes()),
            TypeDesc::U32 | TypeDesc::U64 => self.sink.put(number::unsigned(slot).as_bytes()),
            TypeDesc::F64 => self.sink.put(number::float(f64::from_bits(slot)).as_bytes()),
            TypeDesc::Bool => self.text(if slot != 0 { "true" } else { "false" }),
            TypeDesc::String if nested => self.quoted(Ref::from_bits(slot).as_str().text()),
            TypeDesc::String => self.text(Ref::from_bits(slot).as_str().text()),
            TypeDesc::Error => {
                self.text("Error: ")?;
                self.text(Ref::from_bits(slot).as_error().message().text())
            }
            TypeDesc::Range => self.text("<range>"),
            TypeDesc::Tag { name, variants } => {
                let variant = variants.get(slot as usize).map_or("", |variant| variant);
                self.text(name)?;
                self.text(".")?;
                self.text(variant)
            }
            TypeDesc::Fn { .. } | TypeDesc::Closure { .. } => self.function(Ref::from_bits(slot).aux()),
            TypeDesc::Enum { name, variants } => {
                let object = Ref::from_bits(slot);
                let layout = &variants[object.aux() as usize];
                self.text(name)?;
                self.text(".")?;
                self.text(&layout.name)?;
                if layout.fields.is_empty() {
                    return Ok(());
                }
                self.text("(")?;
                self.push(Frame::Variant(layout, object, 0))
            }
            TypeDesc::Array(of) => {
                let object = Ref::from_bits(slot);
                if self.open(ty, object, "[")? {
                    self.push(Frame::Array(*of, object.as_array(), 0))?;
                }
                Ok(())
            }
            TypeDesc::Map { key, value } => {
                let object = Ref::from_bits(slot);
                if self.open(ty, object, "{")? {
                    self.push(Frame::Map(*key, *value, object.as_map(), 0))?;
                }
                Ok(())
            }
            TypeDesc::Struct(layout) => {
                let object = Ref::from_bits(slot);
                if self.open(ty, object, &layout.name)? {
                    self.text("{")?;
                    self.push(Frame::Struct(layout, object, 0))?;
                }
                Ok(())
            }
            // No value of the language has one of these types.
            TypeDesc::Cell(_) | TypeDesc::Unknown | TypeDesc::Alias(_) => self.text("<value>"),
        }
    }

    /// Begins an array, map or struct. False if it stands around itself.
    fn open(&mut self, ty: TypeId, object: Ref, opening: &str) -> Result<bool, Fault> {
        if self.view.types.get(ty).recursive {
            if self.path.contains(object) {
                self.text("...")?;
                return Ok(false);
            }
            self.path.push(self.view, object)?;
        }
        self.text(opening)?;
        Ok(true)
    }

    fn close(&mut self, object: Ref, closing: &str) -> Result<(), Fault> {
        if self.view.types.get(object.ty()).recursive {
            self.path.pop();
        }
        self.text(closing)
    }

    /// Writes the next part of an object, or its end.
    fn advance(&mut self, frame: Frame<'a>) -> Result<(), Fault> {
        match frame {
            Frame::Array(of, array, at) => {
                if at == array.len() {
                    return self.close(array.object(), "]");
                }
                if self.view.program.kind(of) != Kind::Ref {
                    self.scalars(of, array)?;
                    return self.close(array.object(), "]");
                }
                if at > 0 {
                    self.text(", ")?;
                }
                self.push(Frame::Array(of, array, at + 1))?;
                self.value(of, array.get(Elem::Ref, at), true)
            }
            Frame::Map(key, value, map, from) => {
                let Some((at, entry)) = map.next_live(from) else {
                    return self.close(map.object(), "}");
                };
                if from > 0 {
                    self.text(", ")?;
                }
                self.push(Frame::Map(key, value, map, u64::from(at) + 1))?;
                // Keys are written to their end before the value begins.
                let outer = std::mem::take(&mut self.frames);
                self.render(key, entry.key, true)?;
                self.frames = outer;
                self.text(": ")?;
                self.value(value, entry.value, true)
            }
            Frame::Struct(layout, object, at) => {
                let Some(field) = layout.fields.get(at) else {
                    return self.close(object, if at == 0 { "}" } else { " }" });
                };
                self.text(if at == 0 { " " } else { ", " })?;
                self.text(&field.name)?;
                self.text(": ")?;
                self.push(Frame::Struct(layout, object, at + 1))?;
                self.value(field.ty, object.slot(field.slot), true)
            }
            Frame::Variant(layout, object, at) => {
                let Some(field) = layout.fields.get(at) else { return self.text(")") };
                if at > 0 {
                    self.text(", ")?;
                }
                if at + 1 < layout.fields.len() {
                    self.push(Frame::Variant(layout, object, at + 1))?;
                } else if let Some(Frame::Close(count)) = self.frames.last_mut() {
                    *count += 1;
                } else {
                    self.push(Frame::Close(1))?;
                }
                self.value(field.ty, object.slot(field.slot), true)
            }
            Frame::Close(count) => {
                self.text(")")?;
                if count > 1 { self.push(Frame::Close(count - 1)) } else { Ok(()) }
            }
        }
    }

    /// Writes the elements of an array of scalars.
    fn scalars(&mut self, of: TypeId, array: Array) -> Result<(), Fault> {
        let elem = Elem::from(self.view.program.kind(of));
        for at in 0..array.len() {
            if at > 0 {
                self.text(", ")?;
            }
            self.value(of, array.get(elem, at), true)?;
            if at % POLL_EVERY == POLL_EVERY - 1 {
                self.view.check_interrupt()?;
            }
        }
        Ok(())
    }

    fn function(&mut self, number: u32) -> Result<(), Fault> {
        let name = self.view.program.functions.get(number as usize).map_or("<fn>", |function| &function.name);
        if name.starts_with('<') {
            return self.text("<fn>");
        }
        self.text("<fn ")?;
        self.text(name)?;
        self.text(">")
    }

    fn quoted(&mut self, text: &str) -> Result<(), Fault> {
        self.text("\"")?;
        let mut plain = 0;
        for (at, scalar) in text.char_indices() {
            let mut long = [0; 10];
            let escape: &[u8] = match scalar {
                '"' => b"\\\"",
                '\\' => b"\\\\",
                '\n' => b"\\n",
                '\t' => b"\\t",
                '\r' => b"\\r",
                '\0' => b"\\0",
                _ if scalar.is_control() => {
                    let digits = number::in_base(u64::from(u32::from(scalar)), 16, false);
                    let length = 4 + digits.as_bytes().len();
                    long[..3].copy_from_slice(b"\\u{");
                    long[3..length - 1].copy_from_slice(digits.as_bytes());
                    long[length - 1] = b'}';
                    &long[..length]
                }
                _ => continue,
            };
            self.text(&text[plain..at])?;
            self.sink.put(escape)?;
            plain = at + scalar.len_utf8();
        }
        self.text(&text[plain..])?;
        self.text("\"")
    }

    /// Writes an argument of a format.
    fn argument(&mut self, ty: TypeId, slot: u64, spec: Spec) -> Result<(), Fault> {
        let kind = self.view.program.kind(ty);
        let base = match (spec, kind) {
            (Spec::Nested, _) => return self.render(ty, slot, true),
            (Spec::Decimals(decimals), Kind::F64) => {
                let text = number::fixed(f64::from_bits(slot), usize::from(decimals));
                return self.text(&text);
            }
            (Spec::Decimals(decimals), Kind::I32 | Kind::I64 | Kind::U32 | Kind::U64) => {
                self.render(ty, slot, false)?;
                return if decimals > 0 {
                    self.text(".")?;
                    self.text(&"0".repeat(usize::from(decimals)))
                } else {
                    Ok(())
                };
            }
            (Spec::LowerHex | Spec::UpperHex, _) => 16,
            (Spec::Binary, _) => 2,
            (Spec::Octal, _) => 8,
            _ => return self.render(ty, slot, false),
        };
        let bits = match kind {
            Kind::I32 => u64::from(slot as u32),
            Kind::U32 | Kind::I64 | Kind::U64 => slot,
            _ => return self.render(ty, slot, false),
        };
        self.sink.put(number::in_base(bits, base, spec == Spec::UpperHex).as_bytes())
    }

    fn format(&mut self, format: FormatId, args: &[u64]) -> Result<(), Fault> {
        let format = &self.view.program.formats[format.index()];
        let mut next = format.args.iter().zip(args);
        for piece in &format.pieces {
            match piece {
                Piece::Text(text) => self.text(text)?,
                Piece::Arg(spec) => {
                    let Some((ty, slot)) = next.next() else {
                        return Err(RuntimeError::Internal("a format without argument").into());
                    };
                    self.argument(*ty, *slot, *spec)?;
                }
            }
        }
        Ok(())
    }
}

/// Makes a string of what `write` renders.
fn to_new_string(
    context: &mut Context,
    write: impl FnOnce(&mut Renderer<'_, Text<'_>>) -> Result<(), Fault>,
) -> Result<Str, Fault> {
    let mut text = Text { view: context.view(), bytes: Vec::new() };
    write(&mut Renderer::new(context.view(), &mut text))?;
    // What has been put is text.
    let text = String::from_utf8(text.bytes).map_err(|_| RuntimeError::Internal("text that is none"))?;
    context.heap.new_string(&text)
}

/// `value as string`.
pub fn to_string(context: &mut Context, ty: TypeId, slot: u64) -> Result<Str, Fault> {
    let heap = &mut context.heap;
    let digits = match context.program.ty(ty) {
        TypeDesc::String => return Ok(Ref::from_bits(slot).as_str()),
        TypeDesc::Error => return Ok(Ref::from_bits(slot).as_error().message()),
        TypeDesc::I32 | TypeDesc::I64 => number::signed(slot as i64),
        TypeDesc::U32 | TypeDesc::U64 => number::unsigned(slot),
        TypeDesc::F64 => number::float(f64::from_bits(slot)),
        _ => return to_new_string(context, |renderer| renderer.render(ty, slot, false)),
    };
    heap.new_counted_string(digits.text(), digits.text().len())
}

/// `format(…)`.
pub fn format(context: &mut Context, format: FormatId, args: &[u64]) -> Result<Str, Fault> {
    to_new_string(context, |renderer| renderer.format(format, args))
}

/// `print(…)`.
pub fn print(context: &mut Context, format: FormatId, args: &[u64]) -> Result<(), Fault> {
    let (view, host) = context.view_and_host();
    Renderer::new(view, host).format(format, args)?;
    host.end_line()
}

/// A value as it stands within others, cut for a message if it is long. A string that is cut keeps its quotes.
pub fn key_text(context: &Context, ty: TypeId, slot: u64) -> Result<Box<str>, Fault> {
    let mut beginning = Beginning::default();
    let result = Renderer::new(context.view(), &mut beginning).render(ty, slot, true);
    if beginning.scalars <= CUT_LENGTH {
        result?;
        return Ok(beginning.text.into());
    }
    let end = beginning.text.char_indices().nth(CUT_LENGTH).map_or(beginning.text.len(), |at| at.0);
    let quote = if matches!(context.program.ty(ty), TypeDesc::String) { "\"" } else { "" };
    Ok(std::format!("{}...{quote}", &beginning.text[..end]).into())
}

#[cfg(test)]
mod tests;
