//! A module with most shapes of types, and every way to fail.

mod generated;

use generated::{arora, robot, Colour, CornerPoint, Module, Outline, Point, Value};
use std::collections::BTreeMap;

struct Shapes;

impl Module for Shapes {
    fn greet(name: String, times: u8, tail: Option<String>) -> Result<String, String> {
        Ok(name.repeat(times.into()) + tail.as_deref().unwrap_or("."))
    }

    fn r#match(r#type: i32, joint_angle: f32) -> Result<f32, String> {
        Ok(r#type as f32 + joint_angle)
    }

    fn clamp(numbers: &mut Vec<f64>, most: f64, clamped: &mut u32) -> Result<bool, String> {
        for number in numbers.iter_mut().filter(|number| **number > most) {
            *number = most;
            *clamped += 1;
        }
        Ok(*clamped > 0)
    }

    fn area(outline: Outline) -> Result<f64, String> {
        match outline {
            Outline::Nothing => Ok(0.0),
            Outline::Circle(radius) => Ok(radius * radius * 3.0),
            Outline::Polygon(corners) => Ok(corners.iter().map(|each| each.at.x * each.at.y).sum()),
            Outline::Inside(inner) => Self::area(*inner),
        }
    }

    fn corner(colour: Colour, names: Vec<String>) -> Result<CornerPoint, String> {
        Ok(CornerPoint {
            at: Point { x: names.len() as f64, y: -0.0 },
            r#type: colour as u8,
            joint_angle: names.iter().map(|name| name.len() as f64).collect(),
        })
    }

    fn nested(depth: u32) -> Result<Outline, String> {
        Ok((0..depth).fold(Outline::Nothing, |inner, _| Outline::Inside(Box::new(inner))))
    }

    fn total(
        few: [f64; 3],
        many: Box<[f32; 1000]>,
        by_name: BTreeMap<String, Option<f64>>,
    ) -> Result<f64, String> {
        let named: f64 = by_name.values().flatten().sum();
        Ok(few.iter().sum::<f64>() + f64::from(many.iter().sum::<f32>()) + named)
    }

    fn same(value: Value) -> Result<Value, String> {
        Ok(value)
    }

    fn refuse(message: String) -> Result<(), String> {
        Err(message)
    }

    fn panic(message: String) -> Result<(), String> {
        panic!("{message}")
    }

    fn tell(text: String) -> Result<bool, String> {
        // On the stack, where a failure of the host leaves it.
        let frame = [text.len(); 4096];
        let frame = opaque(&&frame);
        let mut heard = vec![text.clone()];
        let said = robot::say(&text, Some(frame[4095] as f64), &mut heard)?;
        Ok(said && heard.len() == 2)
    }

    fn ask(callable: u64) -> Result<String, String> {
        arora::dispatch_indirect(callable)
    }

    fn stack() -> Result<u64, String> {
        let here = 0_u8;
        Ok(opaque(&(&here as *const u8 as u64)))
    }

    fn soak(rounds: u32) -> Result<u64, String> {
        let mut bytes = 0;
        for round in 0..rounds {
            let value = Value::Strs(vec!["x".repeat((round % 100) as usize); 3]);
            bytes += Value::of(&value)?.to::<Vec<String>>()?.concat().len() as u64;
        }
        Ok(bytes)
    }
}

/// The value, through memory: what the compiler knows of it is lost.
fn opaque<T: Copy>(value: &T) -> T {
    // SAFETY: it is a value.
    unsafe { std::ptr::read_volatile(value) }
}

generated::export!(Shapes);
