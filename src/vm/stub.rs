use super::context::*; use super::fault::*; use super::heap::*; use crate::bytecode::*; use super::interp::Bounds;
fn no<T>() -> Result<T, Fault> { Err(RuntimeError::Internal("stub").into()) }
impl Context {
  pub fn concat(&mut self, _: Str, _: Str) -> Result<Str, Fault> { no() }
  pub fn string_index(&mut self, _: Str, _: u64) -> Result<Str, Fault> { no() }
  pub(super) fn string_slice(&mut self, _: Str, _: Bounds) -> Result<Str, Fault> { no() }
  pub(super) fn array_slice(&mut self, _: Array, _: Bounds) -> Result<u64, Fault> { no() }
  pub fn array_repeat(&mut self, _: Array, _: u64) -> Result<u64, Fault> { no() }
  pub fn array_fill(&mut self, ty: TypeId, v: u64, n: u64) -> Result<u64, Fault> { let e = self.statics.types.get(ty).elem; let a = self.heap.new_array(ty, e, n as usize)?; a.append_copies(e, v, n as u32); Ok(a.bits()) }
  pub fn string_next(&mut self, _: Str, _: u64) -> Result<(Str,u64), Fault> { no() }
  pub fn to_string(&mut self, _: u64, _: TypeId) -> Result<Str, Fault> { no() }
  pub fn format(&mut self, _: FormatId, _: &[u64]) -> Result<Str, Fault> { no() }
  pub fn print(&mut self, _: FormatId, _: &[u64]) -> Result<(), Fault> { no() }
  pub fn call_builtin(&mut self, _: Builtin, _: &[u64]) -> Result<u64, Fault> { no() }
  pub fn equal(&mut self, _: Ref, _: Ref) -> Result<bool, Fault> { no() }
  pub fn map_get(&mut self, _: MapRef, _: u64) -> Result<u64, Fault> { no() }
  pub fn map_remove(&mut self, _: MapRef, _: u64) -> Result<u64, Fault> { no() }
  pub fn map_find(&mut self, _: MapRef, _: u64) -> Option<u64> { None }
  pub fn map_set(&mut self, _: MapRef, _: u64, _: u64) -> Result<(), Fault> { no() }
}
