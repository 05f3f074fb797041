//! String expressions, and templates.

use super::Generator;
use crate::ast::*;
use crate::types::{INTS, Ty};

impl Generator<'_> {
    /// A string expression.
    pub(super) fn string(&mut self, depth: u32) -> Expr {
        use Builtin::*;
        let text = |generator: &mut Self| generator.expr(&Ty::Str, depth, false);
        match self.rng.below(26) {
            0..=4 => {
                let (a, b) = (text(self), text(self));
                Expr::bin(BinOp::Add, a, b)
            }
            5..=7 => {
                let from = self.rng.pick(&[Ty::I32, Ty::I64, Ty::U32, Ty::U64, Ty::F64, Ty::Bool]).clone();
                let e = self.expr(&from, depth, false);
                Expr::new(Ty::Str, Op::Cast, vec![e])
            }
            8 => {
                let Some(var) = self.var(|var| matches!(var.ty, Ty::Enum(..)) && !var.ty.has_param()) else {
                    return self.str_literal();
                };
                let e = Expr::new(Ty::Str, Op::Cast, vec![Expr::var(var.name, var.ty)]);
                self.clip(e)
            }
            9 | 10 => match self.text_var() {
                Some(base) => self.index(base, depth),
                None => self.str_literal(),
            },
            11 | 12 => {
                let base = self.text_var().unwrap_or_else(|| self.str_literal());
                self.slice(base)
            }
            13 => {
                let builtin = *self.rng.pick(&[Upper, Lower, Trim]);
                let e = text(self);
                Expr::builtin(Ty::Str, builtin, vec![e])
            }
            14 => {
                let (base, from) = (text(self), self.str_literal());
                let to = Expr::str(*self.rng.pick(&["", "_", "<>", "é", "🦀"]));
                Expr::builtin(Ty::Str, Replace, vec![base, from, to])
            }
            15 => {
                let base = self.leaf(&Ty::Str, false);
                let int = self.int_type();
                let count = self.rng.range(0, 3);
                Expr::builtin(Ty::Str, Repeat, vec![base, Expr::int(int, count)])
            }
            16 => {
                let e = self.chr(depth);
                Expr::builtin(Ty::Str, Chr, vec![e])
            }
            17 => {
                let strings = Ty::array(Ty::Str);
                let base = self.expr(&strings, depth.min(1), false);
                let separator = Expr::str(*self.rng.pick(&["", ",", " ", "é"]));
                let e = Expr::builtin(Ty::Str, Join, vec![base, separator]);
                self.clip(e)
            }
            18..=20 => {
                let count = 1 + self.rng.below(3);
                let args: Vec<Expr> = (0..count).map(|_| self.shown(depth.min(1))).collect();
                let template = self.template(args.len());
                let e = Expr::new(Ty::Str, Op::Format(template), args);
                self.clip(e)
            }
            21 => match self.var(|var| !matches!(var.ty, Ty::Error)) {
                Some(var) => Expr::builtin(Ty::Str, Typeof, vec![Expr::var(var.name, var.ty)]),
                None => self.str_literal(),
            },
            22 => {
                let builtin = *self.rng.pick(&[Min, Max]);
                let (a, b) = (text(self), text(self));
                Expr::builtin(Ty::Str, builtin, vec![a, b])
            }
            23 | 24 => match self.var(|var| var.ty == Ty::Error) {
                Some(var) => {
                    let error = Expr::var(var.name, Ty::Error);
                    let e = match self.rng.below(4) {
                        0 => Expr::builtin(Ty::Str, ErrorKind, vec![error]),
                        1 => Expr::builtin(Ty::Str, Typeof, vec![error]),
                        2 => Expr::new(Ty::Str, Op::Cast, vec![error]),
                        _ => Expr::builtin(Ty::Str, ErrorMessage, vec![error]),
                    };
                    self.clip(e)
                }
                None => self.str_literal(),
            },
            _ => self.str_literal(),
        }
    }

    fn clip(&mut self, e: Expr) -> Expr {
        if self.safe || self.rng.chance(10) {
            e
        } else {
            Expr::new(Ty::Str, Op::Helper(Helper::Clip), vec![e])
        }
    }

    fn text_var(&mut self) -> Option<Expr> {
        self.var(|var| var.ty == Ty::Str).map(|var| Expr::var(var.name, Ty::Str))
    }

    /// A code point that is one.
    fn chr(&mut self, depth: u32) -> Expr {
        if self.raw() {
            return self.expr(&Ty::I32, depth, false);
        }
        let base = *self.rng.pick(&[48, 65, 97, 0xE0, 0x3B1, 0x4E00, 0x1F600]);
        let mask = *self.rng.pick(&[7, 15]);
        let e = self.expr(&Ty::I32, depth, false);
        let e = Expr::bin(BinOp::BitAnd, e, Expr::int(Ty::I32, mask));
        Expr::bin(BinOp::Add, Expr::int(Ty::I32, base), e)
    }

    /// A string of one character.
    pub(super) fn character(&mut self, depth: u32) -> Expr {
        if self.rng.chance(40) {
            return Expr::str(*self.rng.pick(&["a", "é", "🦀", "\0", "日"]));
        }
        let e = self.chr(depth);
        Expr::builtin(Ty::Str, Builtin::Chr, vec![e])
    }

    /// Something that is printed: any variable, or an expression.
    pub(super) fn shown(&mut self, depth: u32) -> Expr {
        if self.rng.chance(60) {
            let vars = self
                .vars(|var| self.types.weight(&var.ty) < self.budget / 3 && !self.unset.contains(&var.name));
            if !vars.is_empty() {
                let at = self.rng.below(vars.len()).max(self.rng.below(vars.len()));
                return Expr::var(vars[at].name, vars[at].ty.clone());
            }
        }
        let ty = match self.rng.below(6) {
            0 => Ty::F64,
            1 => Ty::Str,
            2 => Ty::Bool,
            _ => self.rng.pick(&INTS).clone(),
        };
        self.expr(&ty, depth, false)
    }

    /// A template for about that many arguments.
    pub(super) fn template(&mut self, count: usize) -> Vec<Piece> {
        let mut pieces = Vec::new();
        let wanted = match self.rng.below(8) {
            0 => count + 1,
            1 => count.saturating_sub(1),
            _ => count,
        };
        for _ in 0..wanted {
            if self.rng.chance(60) {
                pieces.push(Piece::Text(
                    (*self.rng.pick(&["a=", " ", ", ", "x", "100%", " @ ", "→", ".5f"])).to_owned(),
                ));
            }
            pieces.push(Piece::Spec(
                *self.rng.pick::<&str>(&["@", "@", "@", "@x", "@X", "@b", "@o", "@.2f", "@.0f", "@.10f"]),
            ));
        }
        pieces
    }
}
