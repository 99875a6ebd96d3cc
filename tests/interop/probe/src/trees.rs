//! One tick of a control node of the Rust behaviour trees: one of their own, or a function of a loaded module.

use std::collections::HashMap;
use std::rc::Rc;

use arora_behavior_tree::tree_node::TreeNode;
use arora_behavior_tree::{nodes, BehaviorTree, BehaviorTreeRuntime, ModuleFunction};
use arora_engine::call::CallBridge;
use arora_types::record::module::frozen::{Function, Parameter};
use arora_types::record::ty::{FrozenArray, FrozenTy, PrimitiveKind};
use arora_types::record::{FrozenReference, Version};
use serde_json::{json, Value as Json};
use uuid::Uuid;

use crate::{field, message, Answer};

/// Return the status of a node after a tick, as a letter, given those of its children.
pub fn tick(question: &Json, caller: &mut dyn CallBridge) -> Answer {
    let children = field(question, "children")?.chars().map(leaf).collect::<Result<Vec<_>, _>>()?;
    let (node, functions) = match field(question, "node")? {
        "sequence" => (nodes::seq(children), HashMap::new()),
        "fallback" => (nodes::fallback(children), HashMap::new()),
        "parallel" => (nodes::parallel(children), HashMap::new()),
        _ => in_module(question, children)?,
    };
    let tree: BehaviorTree = node.try_into().map_err(|error| format!("{error:?}"))?;
    let mut runtime =
        BehaviorTreeRuntime::setup(&tree, Rc::new(functions), caller, false).map_err(|error| format!("{error:?}"))?;
    let status = runtime.tick().map_err(|error| format!("{error:?}"))?;
    Ok(json!(format!("{status:?}")[..1]))
}

fn leaf(status: char) -> Result<TreeNode, String> {
    match status {
        'S' => Ok(nodes::succeed()),
        'F' => Ok(nodes::fail()),
        'R' => Ok(nodes::run()),
        _ => Err(format!("unknown status {status}")),
    }
}

fn in_module(question: &Json, children: Vec<TreeNode>) -> Result<(TreeNode, HashMap<Uuid, ModuleFunction>), String> {
    let id = |key| Uuid::parse_str(field(question, key)?).map_err(message);
    let version = Version::parse("1.0.0").map_err(message)?;
    let reference = FrozenReference { id: id("tick_id")?, version };
    let ty = FrozenTy::FrozenArray(FrozenArray { reference });
    let parameter = Parameter { name: "children".to_string(), ty, mutable: false };
    let function = Function {
        parameters: HashMap::from([(id("parameter")?, parameter)]),
        parameter_ordering: vec![id("parameter")?],
        return_ty: FrozenTy::from(PrimitiveKind::Unit),
    };
    let function_id = id("node")?;
    let function_name = "node".to_string();
    let of_module = ModuleFunction { module_id: id("module")?, function_id, function_name, function };
    Ok((TreeNode::control_node(function_id, children), HashMap::from([(function_id, of_module)])))
}
