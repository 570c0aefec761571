//! Values on PostgreSQL's wire: a [`Value`] fits the parameter's type or is refused, and a column becomes the variant
//! that SQLite would give.
//!
//! Left out on purpose: types that the schema does not use. NUMERIC is here because `sum` of integers and `avg` give it.
//!
//! Invariant: what cannot be kept exactly is refused, never rounded or cut.

use super::super::value::{Row, Value};
use bytes::{BufMut, BytesMut};
use tokio_postgres::types::{FromSql, IsNull, ToSql, Type, to_sql_checked};

type Refused = Box<dyn std::error::Error + Sync + Send>;

impl ToSql for Value {
    fn to_sql(&self, ty: &Type, out: &mut BytesMut) -> Result<IsNull, Refused> {
        match (self, ty) {
            (Value::Null, _) => return Ok(IsNull::Yes),
            (Value::Int(number), &Type::INT8) => out.put_i64(*number),
            (Value::Int(number), &Type::INT4) => {
                out.put_i32(i32::try_from(*number).map_err(|_| narrow("int4"))?);
            }
            (Value::Int(number), &Type::INT2) => {
                out.put_i16(i16::try_from(*number).map_err(|_| narrow("int2"))?);
            }
            (Value::Int(number), &Type::BOOL) => out.put_u8(u8::from(*number != 0)),
            (Value::Int(number), &Type::FLOAT8) => out.put_f64(*number as f64),
            (Value::Int(number), &Type::NUMERIC) => put_numeric(*number, out),
            (Value::Real(number), &Type::FLOAT8) => out.put_f64(*number),
            (
                Value::Text(text),
                &Type::TEXT | &Type::VARCHAR | &Type::BPCHAR | &Type::NAME | &Type::UNKNOWN,
            ) => {
                if text.contains('\0') {
                    return Err("text with a NUL character cannot be kept".into());
                }
                out.put_slice(text.as_bytes());
            }
            (Value::Bytes(bytes), &Type::BYTEA) => out.put_slice(bytes),
            (value, ty) => {
                let kind = value.kind();
                return Err(format!(
                    "the parameter is {ty} and the argument is {kind}; CAST says what is meant"
                )
                .into());
            }
        }
        Ok(IsNull::No)
    }

    fn accepts(_: &Type) -> bool {
        // `to_sql` says no with a better message.
        true
    }

    to_sql_checked!();
}

fn narrow(ty: &str) -> String {
    format!("the parameter was taken for {ty}, which the number does not fit; write CAST($n AS BIGINT)")
}

/// Writes a whole number as NUMERIC: base 10000, most significant digit first.
fn put_numeric(number: i64, out: &mut BytesMut) {
    let mut digits = Vec::new();
    let mut rest = number.unsigned_abs();
    while rest > 0 {
        digits.push((rest % 10_000) as i16);
        rest /= 10_000;
    }
    out.put_i16(digits.len() as i16);
    out.put_i16(digits.len().saturating_sub(1) as i16);
    out.put_u16(if number < 0 { 0x4000 } else { 0 });
    out.put_i16(0);
    digits.iter().rev().for_each(|digit| out.put_i16(*digit));
}

/// Reads NUMERIC: a whole number if its scale is 0, otherwise a real one.
fn numeric(raw: &[u8]) -> Result<Value, Refused> {
    let words: Vec<u16> = raw
        .chunks_exact(2)
        .map(|pair| u16::from_be_bytes([pair[0], pair[1]]))
        .collect();
    let [_, weight, sign, scale, digits @ ..] = words.as_slice() else {
        return Err("a NUMERIC that is cut".into());
    };
    let negative = match sign {
        0 => false,
        0x4000 => true,
        _ => return Ok(Value::Real(f64::NAN)),
    };
    let weight = i32::from(*weight as i16);
    if *scale == 0 {
        let mut whole: i128 = 0;
        for position in 0..=weight.max(-1) {
            let digit = digits.get(position as usize).copied().unwrap_or(0);
            whole = whole
                .checked_mul(10_000)
                .and_then(|whole| whole.checked_add(i128::from(digit)))
                .ok_or("a NUMERIC beyond 64 bits")?;
        }
        let whole = if negative { -whole } else { whole };
        return Ok(Value::Int(
            i64::try_from(whole).map_err(|_| "a NUMERIC beyond 64 bits")?,
        ));
    }
    let mut real = 0.0;
    for (position, digit) in (0..).zip(digits) {
        real += f64::from(*digit) * 10_000_f64.powi(weight - position);
    }
    Ok(Value::Real(if negative { -real } else { real }))
}

impl<'a> FromSql<'a> for Value {
    fn from_sql(ty: &Type, raw: &'a [u8]) -> Result<Value, Refused> {
        Ok(match *ty {
            Type::INT8 => Value::Int(i64::from_sql(ty, raw)?),
            Type::INT4 => Value::Int(i64::from(i32::from_sql(ty, raw)?)),
            Type::INT2 => Value::Int(i64::from(i16::from_sql(ty, raw)?)),
            Type::BOOL => Value::Int(i64::from(bool::from_sql(ty, raw)?)),
            Type::FLOAT8 => Value::Real(f64::from_sql(ty, raw)?),
            Type::NUMERIC => numeric(raw)?,
            Type::TEXT | Type::VARCHAR | Type::BPCHAR | Type::NAME | Type::UNKNOWN => {
                Value::Text(String::from_sql(ty, raw)?)
            }
            Type::BYTEA => Value::Bytes(raw.to_vec()),
            _ => return Err(format!("a column of type {ty}, which the store does not use").into()),
        })
    }

    fn from_sql_null(_: &Type) -> Result<Value, Refused> {
        Ok(Value::Null)
    }

    fn accepts(_: &Type) -> bool {
        // `from_sql` says no with a better message.
        true
    }
}

/// A row as the waist gives it.
pub(super) fn row(row: &tokio_postgres::Row, columns: usize) -> Result<Row, tokio_postgres::Error> {
    (0..columns)
        .map(|column| row.try_get(column))
        .collect::<Result<_, _>>()
        .map(Row::new)
}

#[cfg(test)]
mod tests {
    use super::{Value, numeric, put_numeric};
    use bytes::BytesMut;

    #[test]
    fn whole_numbers_survive_numeric() {
        for number in [
            0,
            1,
            -1,
            9_999,
            10_000,
            -10_000,
            123_456_789_012,
            100_000_000,
            i64::MAX,
            i64::MIN,
        ] {
            let mut out = BytesMut::new();
            put_numeric(number, &mut out);
            assert_eq!(numeric(&out).unwrap(), Value::Int(number));
        }
    }

    #[test]
    fn trailing_zero_digits_are_not_sent() {
        // 20000 is one digit, 2, of weight 1.
        assert_eq!(
            numeric(&[0, 1, 0, 1, 0, 0, 0, 0, 0, 2]).unwrap(),
            Value::Int(20_000)
        );
        // 2.5 is the digits 2 and 5000, scale 1.
        assert_eq!(
            numeric(&[0, 2, 0, 0, 0, 0, 0, 1, 0, 2, 0x13, 0x88]).unwrap(),
            Value::Real(2.5)
        );
    }
}
