//! The stacks on which productions collect lists until they are complete.

use bumpalo::Bump;

use crate::lang::ast::*;

/// A stack of list items, those of enclosing lists below.
#[derive(Debug)]
pub(super) struct Stack<T>(Vec<T>);

impl<T> Default for Stack<T> {
    fn default() -> Stack<T> {
        Stack(Vec::new())
    }
}

impl<T: Copy> Stack<T> {
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    #[inline]
    pub(super) fn push(&mut self, item: T) {
        self.0.push(item);
    }

    /// The items from `mark` on, moved to the arena.
    #[inline]
    pub(super) fn take<'a>(&mut self, mark: usize, arena: &'a Bump) -> &'a [T] {
        if self.0.len() == mark {
            return &[];
        }
        let items = arena.alloc_slice_copy(&self.0[mark..]);
        self.0.truncate(mark);
        items
    }
}

macro_rules! stacks {
    ($($name:ident: $item:ty),* $(,)?) => {
        /// A stack for each kind of list.
        #[derive(Default)]
        pub(super) struct Stacks<'a> { $(pub(super) $name: Stack<$item>,)* }

        /// Their heights at some moment.
        #[derive(Clone, Copy)]
        pub(super) struct Marks { $($name: u32,)* }

        impl<'a> Stacks<'a> {
            pub(super) fn marks(&self) -> Marks {
                Marks { $($name: self.$name.len() as u32,)* }
            }

            /// Drops what was pushed since.
            pub(super) fn cut(&mut self, marks: Marks) {
                $(self.$name.0.truncate(marks.$name as usize);)*
            }
        }
    };
}

stacks! {
    exprs: Expr<'a>,
    steps: ChainStep<'a>,
    ops: PostfixOp<'a>,
    cond_arms: CondArm<'a>,
    entries: (Expr<'a>, Expr<'a>),
    inits: (Ident, Expr<'a>),
    idents: Ident,
    types: Type<'a>,
    params: Param<'a>,
    bindings: Binding<'a>,
    stmts: Stmt<'a>,
    if_arms: IfArm<'a>,
    arms: Arm<'a>,
    functions: FnDecl<'a>,
}
