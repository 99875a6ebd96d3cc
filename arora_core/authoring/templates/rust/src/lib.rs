mod generated;

use generated::Module;

struct MyModule;

impl Module for MyModule {
    fn mean(values: Vec<f64>) -> Result<f64, String> {
        if values.is_empty() {
            return Err("no values".into());
        }
        Ok(values.iter().sum::<f64>() / values.len() as f64)
    }
}

generated::export!(MyModule);
