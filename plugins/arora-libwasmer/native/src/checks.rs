//! Code that is added to guests: it stops them when a word is set, or when their fuel is used up.
//!
//! Both are globals of the guest, added behind its own, so that code reaches them as quickly as any variable. Python
//! reads and writes them where they are in memory. A check that fails ends in `unreachable`; whether a trap of that kind
//! came from a check shows in the words ([`crate::failure`]).

use std::sync::Mutex;

use wasmer::Type;
use wasmer::sys::wasmparser::{BlockType, Operator};
use wasmer::sys::{FunctionMiddleware, MiddlewareError, MiddlewareReaderState, ModuleMiddleware};
use wasmer_types::{ExportIndex, GlobalInit, GlobalType, LocalFunctionIndex, ModuleInfo, Mutability};

/// The flag of code that stops when its word is not zero.
pub const STOP: u32 = 1;
/// The flag of code that counts fuel.
pub const FUEL: u32 = 2;

/// The names under which the words are exported. A guest's own export of such a name is lost.
pub const STOP_WORD: &str = "arora.stop";
pub const FUEL_WORD: &str = "arora.fuel";
/// The name under which the start function is exported. It is not run while the module is instantiated, because the
/// words can be set only after that; Python calls it.
const START: &str = "arora.start";

/// Adds the checks to one module.
#[derive(Debug)]
pub struct Checks {
    flags: u32,
    words: Mutex<Words>,
}

/// The indices of the added globals, where there are any. Behind each is one for the checks' own use: behind `stop` one
/// that is written to and never read, behind `fuel` one for the operand of an instruction.
#[derive(Clone, Copy, Debug, Default)]
struct Words {
    stop: Option<u32>,
    fuel: Option<u32>,
}

impl Checks {
    pub fn new(flags: u32) -> Self {
        Self { flags, words: Mutex::default() }
    }
}

impl ModuleMiddleware for Checks {
    fn generate_function_middleware<'a>(&self, _: LocalFunctionIndex) -> Box<dyn FunctionMiddleware<'a> + 'a> {
        // Nothing panics with the lock held.
        let words = *self.words.lock().unwrap();
        Box::new(FunctionChecks { words, cost: 0, begun: false })
    }

    fn transform_module_info(&self, info: &mut ModuleInfo) -> Result<(), MiddlewareError> {
        info.exports.shift_remove(START);
        if let Some(start) = info.start_function.take() {
            info.exports.insert(START.into(), ExportIndex::Function(start));
        }
        let mut words = Words::default();
        if self.flags & STOP != 0 {
            words.stop = Some(add_global(info, Type::I32, GlobalInit::I32Const(0), Some(STOP_WORD)));
            add_global(info, Type::I32, GlobalInit::I32Const(0), None);
        }
        if self.flags & FUEL != 0 {
            words.fuel = Some(add_global(info, Type::I64, GlobalInit::I64Const(i64::MAX), Some(FUEL_WORD)));
            add_global(info, Type::I32, GlobalInit::I32Const(0), None);
        }
        *self.words.lock().unwrap() = words;
        Ok(())
    }
}

fn add_global(info: &mut ModuleInfo, ty: Type, value: GlobalInit, name: Option<&str>) -> u32 {
    let index = info.globals.push(GlobalType::new(ty, Mutability::Var));
    info.global_initializers.push(value);
    if let Some(name) = name {
        info.exports.insert(name.into(), ExportIndex::Global(index));
    }
    index.as_u32()
}

/// Adds the checks to one function.
#[derive(Debug)]
struct FunctionChecks {
    words: Words,
    /// Units of work since the fuel was last counted.
    cost: i64,
    begun: bool,
}

impl<'a> FunctionMiddleware<'a> for FunctionChecks {
    fn feed(&mut self, operator: Operator<'a>, state: &mut MiddlewareReaderState<'a>) -> Result<(), MiddlewareError> {
        if !self.begun {
            // A guest may run for ever in calls as well as in loops.
            self.begun = true;
            self.check_stop(state);
        }
        self.cost += 1;
        if leaves(&operator) {
            self.count_fuel(state);
        }
        if is_bulk(&operator) {
            self.count_bulk(state);
        }
        let begins_loop = matches!(operator, Operator::Loop { .. });
        state.push_operator(operator);
        if begins_loop {
            self.check_stop(state);
        }
        Ok(())
    }
}

impl FunctionChecks {
    fn check_stop(&self, state: &mut MiddlewareReaderState<'_>) {
        let Some(global_index) = self.words.stop else { return };
        push(
            state,
            [
                Operator::GlobalGet { global_index },
                Operator::If { blockty: BlockType::Empty },
                Operator::Unreachable,
                Operator::End,
                // Cranelift takes a load for redundant if nothing was stored since the last one of the same word. Without
                // this store, the word would be read once before a loop instead of in it.
                Operator::I32Const { value: 0 },
                Operator::GlobalSet { global_index: global_index + 1 },
            ],
        );
    }

    fn count_fuel(&mut self, state: &mut MiddlewareReaderState<'_>) {
        let Some(fuel) = self.words.fuel else { return };
        push(state, [Operator::GlobalGet { global_index: fuel }, Operator::I64Const { value: self.cost }]);
        push(state, take(fuel));
        self.cost = 0;
    }

    /// Counts a unit for each byte, or element of a table, of an instruction whose last operand is their number.
    fn count_bulk(&self, state: &mut MiddlewareReaderState<'_>) {
        let Some(fuel) = self.words.fuel else { return };
        let operand = fuel + 1;
        push(
            state,
            [
                Operator::GlobalSet { global_index: operand },
                Operator::GlobalGet { global_index: fuel },
                Operator::GlobalGet { global_index: operand },
                Operator::I64ExtendI32U,
            ],
        );
        push(state, take(fuel));
        push(state, [Operator::GlobalGet { global_index: operand }]);
    }
}

/// Returns what follows the fuel and a cost on the stack: subtracts, and stops if that leaves less than nothing.
fn take<'a>(fuel: u32) -> [Operator<'a>; 8] {
    [
        Operator::I64Sub,
        Operator::GlobalSet { global_index: fuel },
        Operator::GlobalGet { global_index: fuel },
        Operator::I64Const { value: 0 },
        Operator::I64LtS,
        Operator::If { blockty: BlockType::Empty },
        Operator::Unreachable,
        Operator::End,
    ]
}

/// Returns whether an instruction takes time for each of as many bytes or elements as its last operand says.
fn is_bulk(operator: &Operator<'_>) -> bool {
    matches!(
        operator,
        Operator::MemoryFill { .. }
            | Operator::MemoryCopy { .. }
            | Operator::MemoryInit { .. }
            | Operator::TableFill { .. }
            | Operator::TableCopy { .. }
            | Operator::TableInit { .. }
            | Operator::TableGrow { .. }
    )
}

/// Returns whether what runs after an operator may not be what follows it, or may be something else that follows too.
fn leaves(operator: &Operator<'_>) -> bool {
    matches!(
        operator,
        Operator::Loop { .. }
            | Operator::End
            | Operator::If { .. }
            | Operator::Else
            | Operator::Br { .. }
            | Operator::BrTable { .. }
            | Operator::BrIf { .. }
            | Operator::Call { .. }
            | Operator::CallIndirect { .. }
            | Operator::Return
    )
}

fn push<'a, const N: usize>(state: &mut MiddlewareReaderState<'a>, operators: [Operator<'a>; N]) {
    for operator in operators {
        state.push_operator(operator);
    }
}
