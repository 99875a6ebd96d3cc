//! How large memories and tables may become, and how large the stack of guests is.

use std::ptr::NonNull;

use wasmer::sys::vm::{
    MemoryError, MemoryStyle, TableStyle, VMConfig, VMGlobal, VMGlobalDefinition, VMMemory, VMMemoryDefinition,
    VMTable, VMTableDefinition,
};
use wasmer::sys::{BaseTunables, Tunables};
use wasmer::{MemoryType, TableType};
use wasmer_types::{GlobalType, Pages};

/// The limits of one guest.
pub struct GuestLimits {
    base: BaseTunables,
    /// The most pages of a memory; None for no other limit than its own. Tables cannot grow if there is one: the caller
    /// has subtracted what they take.
    pages: Option<u32>,
    config: VMConfig,
}

impl GuestLimits {
    pub fn new(pages: Option<u32>, stack: usize) -> Self {
        Self { base: BaseTunables::new(), pages, config: VMConfig { wasm_stack_size: Some(stack) } }
    }

    fn memory(&self, ty: &MemoryType) -> Result<MemoryType, MemoryError> {
        let Some(pages) = self.pages else { return Ok(*ty) };
        if ty.minimum.0 > pages {
            return Err(MemoryError::Generic("begins larger than its limit".into()));
        }
        let maximum = ty.maximum.map_or(pages, |most| most.0.min(pages));
        Ok(MemoryType { maximum: Some(Pages(maximum)), ..*ty })
    }

    fn table(&self, ty: &TableType) -> TableType {
        TableType { maximum: if self.pages.is_some() { Some(ty.minimum) } else { ty.maximum }, ..*ty }
    }
}

// SAFETY of the unsafe functions: the pointers are passed on to Wasmer's own implementation as they come.
impl Tunables for GuestLimits {
    fn memory_style(&self, memory: &MemoryType) -> MemoryStyle {
        self.base.memory_style(memory)
    }

    fn table_style(&self, table: &TableType) -> TableStyle {
        self.base.table_style(table)
    }

    fn create_host_memory(&self, ty: &MemoryType, style: &MemoryStyle) -> Result<VMMemory, MemoryError> {
        self.base.create_host_memory(&self.memory(ty)?, style)
    }

    unsafe fn create_vm_memory(
        &self,
        ty: &MemoryType,
        style: &MemoryStyle,
        at: NonNull<VMMemoryDefinition>,
    ) -> Result<VMMemory, MemoryError> {
        // SAFETY: as above.
        unsafe { self.base.create_vm_memory(&self.memory(ty)?, style, at) }
    }

    fn create_host_table(&self, ty: &TableType, style: &TableStyle) -> Result<VMTable, String> {
        self.base.create_host_table(&self.table(ty), style)
    }

    unsafe fn create_vm_table(
        &self,
        ty: &TableType,
        style: &TableStyle,
        at: NonNull<VMTableDefinition>,
    ) -> Result<VMTable, String> {
        // SAFETY: as above.
        unsafe { self.base.create_vm_table(&self.table(ty), style, at) }
    }

    unsafe fn create_vm_global(&self, ty: GlobalType, at: NonNull<VMGlobalDefinition>) -> Result<VMGlobal, String> {
        // SAFETY: as above.
        unsafe { self.base.create_vm_global(ty, at) }
    }

    fn vmconfig(&self) -> &VMConfig {
        &self.config
    }
}
