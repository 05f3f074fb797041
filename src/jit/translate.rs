//! placeholder
use super::unit::*;
use crate::bytecode::Program;
/// placeholder
pub fn translate(_: &Program, _: Scope, _: &mut Steps) -> Result<Unit, Declined> {
    Err(Declined::NoEntry)
}
