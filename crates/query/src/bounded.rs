//! Functions whose answer can be far larger than what they are given, with a limit on it.
//!
//! The engine's memory pool does not know what functions make: `repeat('x', 2000000000)` takes 8 GB under a
//! pool of 64 MB, while the statement is still being planned. So what such a call would make is reckoned from
//! the lengths of its arguments before it is made.

use std::sync::Arc;

use datafusion::arrow::array::{Array, ArrayRef, AsArray};
use datafusion::arrow::compute::{cast, kernels::length::length};
use datafusion::arrow::datatypes::{DataType, FieldRef, Int64Type};
use datafusion::common::ScalarValue;
use datafusion::error::Result as EngineResult;
use datafusion::logical_expr::function::{AccumulatorArgs, StateFieldsArgs};
use datafusion::logical_expr::utils::AggregateOrderSensitivity;
use datafusion::logical_expr::{
    Accumulator, AggregateUDF, AggregateUDFImpl, ColumnarValue, Documentation, ReturnFieldArgs,
    ReversedUDAF, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature,
};

use crate::error::Error;

/// Largest value a function makes.
const MAX_VALUE_BYTES: u64 = 1 << 20;
/// Most that one call makes for the rows of a batch together.
const MAX_BATCH_BYTES: u64 = 256 << 20;
/// Largest value an aggregate collects: 100,000 ids.
const MAX_COLLECTED_BYTES: usize = 4 << 20;
/// Largest product of two texts' lengths that are compared letter by letter.
const MAX_COMPARED: u64 = 25_000_000;

/// How the size of an answer follows from the arguments.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Growth {
    /// All of them one after another.
    Sum,
    /// The first, as often as the second says.
    Times,
    /// As many characters as the second says.
    Length,
    /// The third in the place of every second in the first.
    Replaced,
    /// The third in the place of whatever the second finds in the first.
    Found,
    /// As many elements as the second says, each like the third.
    Elements,
    /// Not its answer but its work: the product of both lengths.
    Compared,
}

fn growth(name: &str) -> Option<Growth> {
    Some(match name {
        "concat" | "concat_ws" => Growth::Sum,
        "repeat" | "array_repeat" => Growth::Times,
        "lpad" | "rpad" => Growth::Length,
        "replace" => Growth::Replaced,
        "regexp_replace" => Growth::Found,
        "array_resize" => Growth::Elements,
        "levenshtein" => Growth::Compared,
        _ => return None,
    })
}

/// The function with a limit on its answer, where it needs one.
pub(crate) fn bounded_scalar(function: Arc<ScalarUDF>) -> Arc<ScalarUDF> {
    match growth(function.name()) {
        Some(growth) => Arc::new(ScalarUDF::new_from_impl(BoundedScalar { function, growth })),
        None => function,
    }
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct BoundedScalar {
    function: Arc<ScalarUDF>,
    growth: Growth,
}

/// An argument's lengths, or its values where it is a number, one a row or one for all rows.
struct Reckoned {
    lengths: ArrayRef,
}

impl Reckoned {
    fn new(argument: &ColumnarValue) -> EngineResult<Self> {
        let array = match argument {
            ColumnarValue::Array(array) => Arc::clone(array),
            ColumnarValue::Scalar(value) => value.to_array_of_size(1)?,
        };
        let lengths = match array.data_type() {
            DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => {
                cast(&length(&array)?, &DataType::Int64)?
            }
            of_type if of_type.is_integer() => cast(&array, &DataType::Int64)?,
            // Of anything else: the memory a row takes on average.
            _ => {
                let bytes = array.to_data().get_slice_memory_size()?;
                let each = i64::try_from(bytes / array.len().max(1)).unwrap_or(i64::MAX);
                ScalarValue::Int64(Some(each.max(8))).to_array_of_size(1)?
            }
        };
        Ok(Self { lengths })
    }

    fn at(&self, row: usize) -> u64 {
        let lengths = self.lengths.as_primitive::<Int64Type>();
        let row = if lengths.len() == 1 { 0 } else { row };
        if row >= lengths.len() || lengths.is_null(row) {
            return 0;
        }
        u64::try_from(lengths.value(row)).unwrap_or(0)
    }
}

impl Growth {
    /// What a row comes to, and the most it may.
    fn of(self, arguments: &[Reckoned], row: usize) -> (u64, u64) {
        let at = |argument: usize| arguments.get(argument).map_or(0, |one| one.at(row));
        match self {
            Self::Sum => {
                let sum = (0..arguments.len()).map(at).fold(0, u64::saturating_add);
                (sum, MAX_VALUE_BYTES)
            }
            Self::Times => (at(0).saturating_mul(at(1)), MAX_VALUE_BYTES),
            Self::Length => (at(1), MAX_VALUE_BYTES),
            Self::Replaced => {
                let places = at(0) / at(1).max(1) + 1;
                (
                    at(0).saturating_add(places.saturating_mul(at(2))),
                    MAX_VALUE_BYTES,
                )
            }
            // Every place might be found: far more than will be, so that far more is let pass.
            Self::Found => (at(0).saturating_mul(at(2)), 64 * MAX_VALUE_BYTES),
            Self::Elements => (at(1).saturating_mul(at(2).max(8)), MAX_VALUE_BYTES),
            Self::Compared => (at(0).saturating_mul(at(1)), MAX_COMPARED),
        }
    }

    fn check(self, name: &str, arguments: &ScalarFunctionArgs) -> EngineResult<()> {
        let reckoned = arguments.args.iter().map(Reckoned::new);
        let reckoned = reckoned.collect::<EngineResult<Vec<_>>>()?;
        let all_scalar = arguments
            .args
            .iter()
            .all(|one| matches!(one, ColumnarValue::Scalar(_)));
        let rows = if all_scalar { 1 } else { arguments.number_rows };
        let mut together = 0_u64;
        for row in 0..rows {
            let (size, most) = self.of(&reckoned, row);
            if size > most {
                let what = match self {
                    Self::Compared => "compare texts of that length",
                    _ => "make a value larger than 1 MiB",
                };
                return Err(Error::Limit(format!("{name} would {what}: ask for less")).into());
            }
            together = together.saturating_add(size);
        }
        if together > MAX_BATCH_BYTES && matches!(self, Self::Times | Self::Length | Self::Elements)
        {
            return Err(Error::Limit(format!(
                "{name} would make more than 256 MiB at once: ask for less"
            ))
            .into());
        }
        Ok(())
    }
}

impl ScalarUDFImpl for BoundedScalar {
    fn name(&self) -> &str {
        self.function.name()
    }

    fn aliases(&self) -> &[String] {
        self.function.aliases()
    }

    fn signature(&self) -> &Signature {
        self.function.signature()
    }

    fn return_type(&self, arguments: &[DataType]) -> EngineResult<DataType> {
        self.function.return_type(arguments)
    }

    fn return_field_from_args(&self, arguments: ReturnFieldArgs<'_>) -> EngineResult<FieldRef> {
        self.function.return_field_from_args(arguments)
    }

    fn coerce_types(&self, arguments: &[DataType]) -> EngineResult<Vec<DataType>> {
        self.function.coerce_types(arguments)
    }

    fn invoke_with_args(&self, arguments: ScalarFunctionArgs) -> EngineResult<ColumnarValue> {
        self.growth.check(self.name(), &arguments)?;
        self.function.invoke_with_args(arguments)
    }

    fn documentation(&self) -> Option<&Documentation> {
        self.function.documentation()
    }
}

/// The aggregate with a limit on what it collects, where it collects.
pub(crate) fn bounded_aggregate(function: Arc<AggregateUDF>) -> Arc<AggregateUDF> {
    if matches!(function.name(), "array_agg" | "string_agg") {
        return Arc::new(AggregateUDF::new_from_impl(BoundedAggregate { function }));
    }
    function
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct BoundedAggregate {
    function: Arc<AggregateUDF>,
}

impl AggregateUDFImpl for BoundedAggregate {
    fn name(&self) -> &str {
        self.function.name()
    }

    fn aliases(&self) -> &[String] {
        self.function.aliases()
    }

    fn signature(&self) -> &Signature {
        self.function.signature()
    }

    fn return_type(&self, arguments: &[DataType]) -> EngineResult<DataType> {
        self.function.return_type(arguments)
    }

    fn return_field(&self, arguments: &[FieldRef]) -> EngineResult<FieldRef> {
        self.function.return_field(arguments)
    }

    fn coerce_types(&self, arguments: &[DataType]) -> EngineResult<Vec<DataType>> {
        self.function.coerce_types(arguments)
    }

    fn is_nullable(&self) -> bool {
        self.function.is_nullable()
    }

    fn default_value(&self, of_type: &DataType) -> EngineResult<ScalarValue> {
        self.function.default_value(of_type)
    }

    fn accumulator(&self, arguments: AccumulatorArgs<'_>) -> EngineResult<Box<dyn Accumulator>> {
        Ok(Box::new(BoundedAccumulator {
            name: self.function.name().to_owned(),
            inner: self.function.accumulator(arguments)?,
        }))
    }

    fn state_fields(&self, arguments: StateFieldsArgs<'_>) -> EngineResult<Vec<FieldRef>> {
        self.function.state_fields(arguments)
    }

    fn order_sensitivity(&self) -> AggregateOrderSensitivity {
        self.function.order_sensitivity()
    }

    fn with_beneficial_ordering(
        self: Arc<Self>,
        beneficial: bool,
    ) -> EngineResult<Option<Arc<dyn AggregateUDFImpl>>> {
        let function = Arc::unwrap_or_clone(Arc::clone(&self.function));
        let ordered = function.with_beneficial_ordering(beneficial)?;
        Ok(ordered.map(|function| {
            let function = Arc::new(function);
            Arc::new(Self { function }) as Arc<dyn AggregateUDFImpl>
        }))
    }

    fn reverse_expr(&self) -> ReversedUDAF {
        match self.function.reverse_udf() {
            ReversedUDAF::Reversed(function) => ReversedUDAF::Reversed(bounded_aggregate(function)),
            other => other,
        }
    }

    fn supports_null_handling_clause(&self) -> bool {
        self.function.supports_null_handling_clause()
    }

    fn supports_within_group_clause(&self) -> bool {
        self.function.supports_within_group_clause()
    }

    fn documentation(&self) -> Option<&Documentation> {
        self.function.documentation()
    }
}

#[derive(Debug)]
struct BoundedAccumulator {
    name: String,
    inner: Box<dyn Accumulator>,
}

impl BoundedAccumulator {
    /// What comes in is there already: one batch more than the limit is held at most.
    fn check(&self) -> EngineResult<()> {
        if self.inner.size() <= MAX_COLLECTED_BYTES {
            return Ok(());
        }
        let name = &self.name;
        Err(Error::Limit(format!(
            "{name} would make a value larger than 4 MiB: ask for less, or select the rows themselves"
        ))
        .into())
    }
}

impl Accumulator for BoundedAccumulator {
    fn update_batch(&mut self, values: &[ArrayRef]) -> EngineResult<()> {
        self.inner.update_batch(values)?;
        self.check()
    }

    fn evaluate(&mut self) -> EngineResult<ScalarValue> {
        self.inner.evaluate()
    }

    fn size(&self) -> usize {
        self.inner.size()
    }

    fn state(&mut self) -> EngineResult<Vec<ScalarValue>> {
        self.inner.state()
    }

    fn merge_batch(&mut self, states: &[ArrayRef]) -> EngineResult<()> {
        self.inner.merge_batch(states)?;
        self.check()
    }

    fn retract_batch(&mut self, values: &[ArrayRef]) -> EngineResult<()> {
        self.inner.retract_batch(values)
    }

    fn supports_retract_batch(&self) -> bool {
        self.inner.supports_retract_batch()
    }
}
