//! The world of the component, for what links it.

/// `module.wit` as a section of the core module, from which the linker makes the component.
///
/// These are the bytes that `wasm-tools component embed` adds for it, but for the names of tools.
#[used]
#[link_section = "component-type:arora:module"]
static WORLD: [u8; 323] = *b"\
    \0asm\x0d\0\x01\0\0\x19\x16wit-component-encoding\x04\0\x07\x8f\x02\x01A\x02\x01A\x0a\
    \x01B\x02\x01r\x02\x02hiw\x02low\x04\0\x02id\x03\0\0\x03\0\x18arora:module/types@0.1.0\
    \x05\0\x02\x03\0\0\x02id\x01B\x08\x02\x03\x02\x01\x01\x04\0\x02id\x03\0\0\x01p}\x01j\x01\
    \x02\x01s\x01@\x03\x06module\x01\x06method\x01\x03arg\x02\0\x03\x04\0\x08dispatch\x01\
    \x04\x01@\x01\x08callablew\0\x03\x04\0\x11dispatch-indirect\x01\x05\x03\0\x17arora:modul\
    e/host@0.1.0\x05\x02\x03\0\x02id\x03\0\x01\x01p}\x01j\x01\x04\x01s\x01@\x02\x06method\
    \x03\x03arg\x04\0\x05\x04\0\x08dispatch\x01\x06\x04\0\x19arora:module/module@0.1.0\x04\0\
    \x0b\x0c\x01\0\x06module\x03\0\0";
