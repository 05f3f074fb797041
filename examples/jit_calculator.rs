//! A calculator that compiles what it is given: `cargo run --example jit_calculator`, with lines on the standard input, or with
//! `--example` those of [`calculator::SESSION`], whose answers are in `jit_calculator.out`. With `--dump` it prints IR and machine code too.
//!
//! A line is an expression, `let name = expression` or `let name(parameters) = expression`. Everything is an f64. A line becomes functions of
//! the IR, one for itself and one for each function that was defined; `Jit` makes machine code of them, which is called.

#[cfg(all(unix, target_arch = "x86_64"))]
pub mod calculator {
    use std::collections::BTreeMap;
    use std::error::Error;
    use std::fmt::Write;
    use std::io::BufRead;

    use orus::codegen::Options;
    use orus::codegen::entry::{Jit, JitOptions};
    use orus::ir::builder::Builder;
    use orus::ir::print::print_function;
    use orus::ir::{Cond, Convention, Effects, Func, Function, Kind, Module, Signature, Symbol, Value};

    /// What `--example` calculates.
    pub const SESSION: &str = "\
1 + 2 * 3
-2 ** 2
2 ** 3 ** 2
(1 + 2) * 3 % 5
10 / 4 - 7.5e-1
1 < 2
let width = 3
let height = width + 1
sqrt(width * width + height * height)
let hypotenuse(a, b) = sqrt(a ** 2 + b ** 2)
hypotenuse(5, 12)
max(min(1, 2), floor(2.9), -1)
let fac(n) = if n < 2 then 1 else n * fac(n - 1)
fac(20)
let even(n) = if n == 0 then 1 else odd(n - 1)
let odd(n) = if n == 0 then 0 else even(n - 1)
even(1000) * 10 + odd(7)
let forever(x) = forever(x) + 1
forever(1)
1 / 0
fac(1, 2)
2 +
nobody(3)
(1 + 2
";

    /// An expression.
    #[derive(Clone, Debug)]
    enum Expr {
        Number(f64),
        Name(String),
        Negative(Box<Expr>),
        Binary(&'static str, Box<Expr>, Box<Expr>),
        If(Box<Expr>, Box<Expr>, Box<Expr>),
        Call(String, Vec<Expr>),
    }

    /// Operators, the weaker first; those of a row are equally strong. `**` is stronger, and goes from right to left.
    const OPERATORS: [&[&str]; 3] = [&["<=", ">=", "==", "!=", "<", ">"], &["+", "-"], &["*", "/", "%"]];

    /// What is left of a line.
    struct Parser<'a> {
        text: &'a str,
    }

    impl Parser<'_> {
        /// Takes this text, if it comes next.
        fn take(&mut self, token: &str) -> bool {
            self.text = self.text.trim_start();
            let rest = self.text.strip_prefix(token);
            // A name ends where no letter follows; `*` is not the beginning of `**`.
            let is_whole = |rest: &&str| match token.chars().all(char::is_alphabetic) {
                true => !rest.starts_with(|c: char| c.is_alphanumeric() || c == '_'),
                false => token != "*" || !rest.starts_with('*'),
            };
            rest.filter(is_whole).map(|rest| self.text = rest).is_some()
        }

        fn expect(&mut self, token: &str) -> Result<(), String> {
            match self.take(token) {
                true => Ok(()),
                false if self.text.is_empty() => Err(format!("`{token}` is missing at the end")),
                false => Err(format!("here should be `{token}`: {}", self.text)),
            }
        }

        fn name(&mut self) -> Option<String> {
            self.text = self.text.trim_start();
            let end = self.text.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(self.text.len());
            let (name, rest) = self.text.split_at(end);
            let is_name = name.starts_with(char::is_alphabetic);
            is_name.then(|| {
                self.text = rest;
                name.to_owned()
            })
        }

        fn expr(&mut self) -> Result<Expr, String> {
            if self.take("if") {
                let condition = self.expr()?;
                self.expect("then")?;
                let then = self.expr()?;
                self.expect("else")?;
                return Ok(Expr::If(condition.into(), then.into(), self.expr()?.into()));
            }
            self.binary(0)
        }

        fn binary(&mut self, strength: usize) -> Result<Expr, String> {
            let Some(operators) = OPERATORS.get(strength) else { return self.unary() };
            let mut left = self.binary(strength + 1)?;
            while let Some(operator) = operators.iter().find(|operator| self.take(operator)) {
                left = Expr::Binary(operator, left.into(), self.binary(strength + 1)?.into());
            }
            Ok(left)
        }

        fn unary(&mut self) -> Result<Expr, String> {
            if self.take("-") {
                return Ok(Expr::Negative(self.unary()?.into()));
            }
            let base = self.primary()?;
            if self.take("**") {
                return Ok(Expr::Binary("**", base.into(), self.unary()?.into()));
            }
            Ok(base)
        }

        fn primary(&mut self) -> Result<Expr, String> {
            if self.take("(") {
                let inner = self.expr()?;
                self.expect(")")?;
                return Ok(inner);
            }
            if let Some(name) = self.name() {
                if !self.take("(") {
                    return Ok(Expr::Name(name));
                }
                let mut arguments = Vec::new();
                while !self.take(")") {
                    if !arguments.is_empty() {
                        self.expect(",")?;
                    }
                    arguments.push(self.expr()?);
                }
                return Ok(Expr::Call(name, arguments));
            }
            // The longest beginning that is a number.
            let end = self
                .text
                .find(|c: char| !c.is_alphanumeric() && !"+-.".contains(c))
                .unwrap_or(self.text.len());
            let number =
                (1..=end).rev().find_map(|end| Some((end, self.text.get(..end)?.parse::<f64>().ok()?)));
            let (end, number) = number.ok_or_else(|| match self.text {
                "" => "something is missing at the end".to_owned(),
                text => format!("here should be a number or a name: {text}"),
            })?;
            self.text = &self.text[end..];
            Ok(Expr::Number(number))
        }
    }

    /// A function that was defined.
    #[derive(Clone, Debug)]
    struct Definition {
        params: Vec<String>,
        body: Expr,
    }

    /// Functions of Rust that expressions may call: they are pure.
    const OUTSIDE: [(&str, usize); 5] = [("pow", 2), ("sin", 1), ("cos", 1), ("ln", 1), ("exp", 1)];

    extern "C" fn pow(base: f64, exponent: f64) -> f64 {
        base.powf(exponent)
    }
    extern "C" fn sin(x: f64) -> f64 {
        x.sin()
    }
    extern "C" fn cos(x: f64) -> f64 {
        x.cos()
    }
    extern "C" fn ln(x: f64) -> f64 {
        x.ln()
    }
    extern "C" fn exp(x: f64) -> f64 {
        x.exp()
    }

    /// A calculator: what was defined, and what compiles.
    pub struct Calculator {
        jit: Jit,
        variables: BTreeMap<String, f64>,
        functions: BTreeMap<String, Definition>,
        dump: bool,
    }

    impl Calculator {
        /// One that knows nothing.
        pub fn new(dump: bool) -> Result<Calculator, Box<dyn Error>> {
            let compiler = Options { notes: dump, ..Options::default() };
            let mut jit = Jit::new(JitOptions { compiler, depth: 5_000, ..JitOptions::default() })?;
            jit.define("pow", pow as extern "C" fn(f64, f64) -> f64);
            for (name, function) in
                [("sin", sin as extern "C" fn(f64) -> f64), ("cos", cos), ("ln", ln), ("exp", exp)]
            {
                jit.define(name, function);
            }
            Ok(Calculator { jit, variables: BTreeMap::new(), functions: BTreeMap::new(), dump })
        }

        /// Does what a line says; gives the answer.
        pub fn line(&mut self, line: &str) -> Result<String, Box<dyn Error>> {
            let mut parser = Parser { text: line };
            if !parser.take("let") {
                let (value, dumped) = self.evaluate(Self::whole(&mut parser)?)?;
                return Ok(format!("{dumped}{value}"));
            }
            let name = parser.name().ok_or("here should be a name")?;
            let mut params = None;
            if parser.take("(") {
                let names = params.insert(Vec::new());
                while !parser.take(")") {
                    if !names.is_empty() {
                        parser.expect(",")?;
                    }
                    names.push(parser.name().ok_or("here should be a parameter")?);
                }
            }
            parser.expect("=")?;
            let body = Self::whole(&mut parser)?;
            match params {
                Some(params) => {
                    let answer = format!("{name}({})", params.join(", "));
                    self.functions.insert(name, Definition { params, body });
                    Ok(answer)
                }
                None => {
                    let (value, dumped) = self.evaluate(body)?;
                    self.variables.insert(name.clone(), value);
                    Ok(format!("{dumped}{name} = {value}"))
                }
            }
        }

        fn whole(parser: &mut Parser<'_>) -> Result<Expr, String> {
            let expr = parser.expr()?;
            match parser.text.trim() {
                "" => Ok(expr),
                rest => Err(format!("the expression ends before: {rest}")),
            }
        }

        /// Compiles an expression, with all functions, and calls it.
        fn evaluate(&mut self, expr: Expr) -> Result<(f64, String), Box<dyn Error>> {
            let mut module = Module::new();
            // Where a function goes that is called too deeply: nobody defines it, so the call ends with an error.
            module.symbols.push("too deep".to_owned());
            let system =
                |count: usize| Signature::new(&vec![Kind::F64; count], Kind::F64, Convention::System);
            let orus = |count| Signature { convention: Convention::Orus, ..system(count) };
            let mut known: BTreeMap<String, (Func, usize)> = BTreeMap::new();
            for (name, count) in OUTSIDE {
                known.insert(name.to_owned(), (module.declare(name, system(count), Effects::empty()), count));
            }
            // What the line needs, and no more: another function may be wrong still.
            let mut needed = Vec::new();
            let mut missing = vec![expr.clone()];
            while let Some(expr) = missing.pop() {
                visit_calls(&expr, &mut |name| {
                    if let Some(definition) = self.functions.get(name).filter(|_| !known.contains_key(name)) {
                        let count = definition.params.len();
                        let func = module.declare(name, orus(count), Effects::ANY);
                        known.insert(name.to_owned(), (func, count));
                        needed.push((func, name.to_owned(), definition.clone()));
                        missing.push(definition.body.clone());
                    }
                });
            }
            let line = module.declare("line", orus(0), Effects::ANY);
            needed.push((line, "line".to_owned(), Definition { params: Vec::new(), body: expr }));
            let mut built = Vec::new();
            for (func, name, definition) in &needed {
                let mut function = Function::new(name, module.signature(*func).clone());
                function.depth_check = Some(Symbol(0));
                let builder = Builder::new(&mut function, &mut module);
                Compile { builder, params: &definition.params, variables: &self.variables, known: &known }
                    .function(&definition.body)?;
                built.push((*func, function));
            }
            let functions: Vec<(Func, &Function)> =
                built.iter().map(|(func, function)| (*func, function)).collect();
            let image = self.jit.compile(&module, &functions)?;
            let mut dumped = String::new();
            if self.dump {
                for (_, function) in &functions {
                    let listing = image.listing(&function.name).unwrap_or("");
                    writeln!(dumped, "{}\n{listing}", print_function(function, &module))?;
                }
            }
            Ok((image.function::<(), f64>("line")?.call(())?, dumped))
        }
    }

    /// Visits the names of functions that an expression calls.
    fn visit_calls(expr: &Expr, visit: &mut impl FnMut(&str)) {
        match expr {
            Expr::Number(_) | Expr::Name(_) => {}
            Expr::Negative(a) => visit_calls(a, visit),
            Expr::Binary(_, a, b) => [a, b].into_iter().for_each(|inner| visit_calls(inner, visit)),
            Expr::If(a, b, c) => [a, b, c].into_iter().for_each(|inner| visit_calls(inner, visit)),
            Expr::Call(name, arguments) => {
                visit(name);
                arguments.iter().for_each(|inner| visit_calls(inner, visit));
            }
        }
    }

    /// From an expression to IR.
    struct Compile<'a> {
        builder: Builder<'a>,
        params: &'a [String],
        variables: &'a BTreeMap<String, f64>,
        known: &'a BTreeMap<String, (Func, usize)>,
    }

    impl Compile<'_> {
        fn function(mut self, body: &Expr) -> Result<(), String> {
            let value = self.expr(body)?;
            self.builder.ret(Some(value));
            self.builder.seal_all();
            self.builder.finish();
            Ok(())
        }

        fn expr(&mut self, expr: &Expr) -> Result<Value, String> {
            Ok(match expr {
                Expr::Number(number) => self.builder.f64(*number),
                Expr::Name(name) => match self.params.iter().position(|param| param == name) {
                    Some(index) => self.builder.param(index),
                    None => {
                        let value =
                            self.variables.get(name).ok_or_else(|| format!("`{name}` is not known"))?;
                        self.builder.f64(*value)
                    }
                },
                Expr::Negative(inner) => {
                    let inner = self.expr(inner)?;
                    self.builder.neg(inner)
                }
                Expr::Binary(operator, a, b) => {
                    let (a, b) = (self.expr(a)?, self.expr(b)?);
                    self.binary(operator, a, b)?
                }
                Expr::If(condition, then, otherwise) => self.branch(condition, then, otherwise)?,
                Expr::Call(name, arguments) => {
                    let values: Vec<Value> =
                        arguments.iter().map(|argument| self.expr(argument)).collect::<Result<_, _>>()?;
                    self.call(name, &values)?
                }
            })
        }

        fn binary(&mut self, operator: &str, a: Value, b: Value) -> Result<Value, String> {
            let build = &mut self.builder;
            let condition = match operator {
                "<" => Cond::Lt,
                "<=" => Cond::Le,
                ">" => Cond::Gt,
                ">=" => Cond::Ge,
                "==" => Cond::Eq,
                "!=" => Cond::Ne,
                "+" => return Ok(build.add(a, b)),
                "-" => return Ok(build.sub(a, b)),
                "*" => return Ok(build.mul(a, b)),
                "/" => return Ok(build.div(a, b)),
                "%" => {
                    // What is left of `a` when `b` is taken as often as it goes.
                    let times = build.div(a, b);
                    let times = build.trunc(times);
                    let taken = build.mul(times, b);
                    return Ok(build.sub(a, taken));
                }
                _ => return self.call("pow", &[a, b]),
            };
            let holds = build.cmp(condition, a, b);
            let (one, zero) = (build.f64(1.0), build.f64(0.0));
            Ok(build.select(holds, one, zero))
        }

        /// Only what is chosen is calculated.
        fn branch(&mut self, condition: &Expr, then: &Expr, otherwise: &Expr) -> Result<Value, String> {
            let condition = self.expr(condition)?;
            let zero = self.builder.f64(0.0);
            let blocks = [(); 3].map(|()| self.builder.new_block());
            let [yes, no, end] = blocks;
            self.builder.br_cmp(Cond::Ne, condition, zero, (yes, &[]), (no, &[]));
            let result = self.builder.add_param(end, Kind::F64);
            for (block, arm) in [(yes, then), (no, otherwise)] {
                self.builder.switch_to(block);
                let value = self.expr(arm)?;
                self.builder.jump(end, &[value]);
            }
            self.builder.switch_to(end);
            Ok(result)
        }

        fn call(&mut self, name: &str, arguments: &[Value]) -> Result<Value, String> {
            let b = &mut self.builder;
            match (name, arguments) {
                ("sqrt", &[x]) => return Ok(b.sqrt(x)),
                ("abs", &[x]) => return Ok(b.abs(x)),
                ("floor", &[x]) => return Ok(b.floor(x)),
                ("ceil", &[x]) => return Ok(b.ceil(x)),
                ("min" | "max", [first, rest @ ..]) => {
                    let smaller = name == "min";
                    return Ok(rest
                        .iter()
                        .fold(*first, |a, &x| if smaller { b.min(a, x) } else { b.max(a, x) }));
                }
                _ => {}
            }
            let &(func, count) = self.known.get(name).ok_or_else(|| format!("`{name}` is no function"))?;
            if arguments.len() != count {
                return Err(format!("`{name}` takes {count} arguments, not {}", arguments.len()));
            }
            b.call(func, arguments, None).ok_or_else(|| format!("`{name}` gives nothing"))
        }
    }

    /// The answers to lines.
    pub fn calculate(lines: impl Iterator<Item = String>, dump: bool) -> Result<String, Box<dyn Error>> {
        let mut calculator = Calculator::new(dump)?;
        let mut out = String::new();
        for line in lines {
            match calculator.line(&line) {
                Ok(answer) => writeln!(out, "> {line}\n{answer}")?,
                Err(error) => writeln!(out, "> {line}\nerror: {error}")?,
            }
        }
        Ok(out)
    }

    /// The program.
    #[allow(dead_code, reason = "the test of the examples calls `calculate`")]
    pub fn run() -> Result<(), Box<dyn Error>> {
        let has = |flag: &str| std::env::args().any(|argument| argument == flag);
        if has("--example") {
            print!("{}", calculate(SESSION.lines().map(str::to_owned), has("--dump"))?);
            return Ok(());
        }
        let mut calculator = Calculator::new(has("--dump"))?;
        for line in std::io::stdin().lock().lines() {
            match calculator.line(&line?) {
                Ok(answer) => println!("{answer}"),
                Err(error) => println!("error: {error}"),
            }
        }
        Ok(())
    }
}

#[cfg(all(unix, target_arch = "x86_64"))]
#[allow(dead_code, reason = "as a part of a test it is not called")]
fn main() -> Result<(), Box<dyn std::error::Error>> {
    calculator::run()
}

#[cfg(not(all(unix, target_arch = "x86_64")))]
#[allow(dead_code, reason = "as a part of a test it is not called")]
fn main() {
    println!("there is no native code on this machine yet");
}
