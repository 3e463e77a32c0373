//! JSON as a tree, for input: plans, and the messages of hosts that use JSON.
//!
//! Readers that are made for each type (serde's) are several times the code of the engine's decisions, which pages download. A tree is made by one
//! code for all, and reading it is a line for each field.

mod parser;

use std::str::FromStr;

/// A value. Numbers are as they are spelled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Json {
    /// `null`
    Null,
    /// `true` or `false`.
    Truth(bool),
    /// A number.
    Number(Box<str>),
    /// A text.
    Text(String),
    /// `[…]`
    List(Vec<Json>),
    /// `{…}`
    Fields(Fields),
}

/// The fields of an object, each name once.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Fields(Vec<(String, Json)>);

/// Why a text is no JSON, or does not say what it has to.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct JsonError(Box<str>);

impl JsonError {
    /// Makes an error from its words.
    pub fn new(problem: impl Into<Box<str>>) -> Self {
        Self(problem.into())
    }

    /// Says that there is no such choice.
    pub fn unknown(name: &str) -> Self {
        Self::new(format!("unknown variant `{name}`"))
    }
}

impl Json {
    /// Reads a text.
    ///
    /// # Errors
    /// Says what is wrong, and at which byte.
    pub fn parse(text: &[u8]) -> Result<Self, JsonError> {
        parser::parse(text)
    }

    /// Takes it for a text.
    ///
    /// # Errors
    /// It is something else.
    pub fn text(self) -> Result<String, JsonError> {
        if let Self::Text(text) = self { Ok(text) } else { Err(self.is_no("a text")) }
    }

    /// Takes it for a whole number within the limits of `N`.
    ///
    /// # Errors
    /// It is something else.
    pub fn number<N: FromStr>(self) -> Result<N, JsonError> {
        let Self::Number(number) = &self else { return Err(self.is_no("a number")) };
        number.parse().map_err(|_| JsonError::new(format!("`{number}` is no number that can be here")))
    }

    /// Takes it for `true` or `false`.
    ///
    /// # Errors
    /// It is something else.
    pub fn truth(self) -> Result<bool, JsonError> {
        if let Self::Truth(truth) = self { Ok(truth) } else { Err(self.is_no("`true` or `false`")) }
    }

    /// Takes it for a list.
    ///
    /// # Errors
    /// It is something else.
    pub fn list(self) -> Result<Vec<Self>, JsonError> {
        if let Self::List(list) = self { Ok(list) } else { Err(self.is_no("a list")) }
    }

    /// Takes it for a list of so many.
    ///
    /// # Errors
    /// It is something else.
    pub fn array<const LENGTH: usize>(self) -> Result<[Self; LENGTH], JsonError> {
        self.list()?.try_into().map_err(|_| JsonError::new(format!("a list has not {LENGTH} elements")))
    }

    /// Takes it for an object.
    ///
    /// # Errors
    /// It is something else.
    pub fn fields(self) -> Result<Fields, JsonError> {
        if let Self::Fields(fields) = self { Ok(fields) } else { Err(self.is_no("an object")) }
    }

    /// Takes it for an object that has nothing but what is read.
    ///
    /// # Errors
    /// It is something else, cannot be read, or has more fields.
    pub fn only<T>(self, read: impl FnOnce(&mut Fields) -> Result<T, JsonError>) -> Result<T, JsonError> {
        let mut fields = self.fields()?;
        let value = read(&mut fields)?;
        match fields.0.first() {
            None => Ok(value),
            Some((name, _)) => Err(JsonError::new(format!("unknown field `{name}`"))),
        }
    }

    /// Takes it for one of several choices: `"name"`, or `{"name": content}`.
    ///
    /// # Errors
    /// It is something else.
    pub fn variant(self) -> Result<(String, Option<Self>), JsonError> {
        match self {
            Self::Text(name) => Ok((name, None)),
            Self::Fields(Fields(mut fields)) if fields.len() == 1 => {
                let (name, content) = fields.remove(0);
                Ok((name, Some(content)))
            }
            Self::Null | Self::Truth(_) | Self::Number(_) | Self::List(_) | Self::Fields(_) => {
                Err(self.is_no("a text or an object of one field"))
            }
        }
    }

    /// Takes `null` for nothing, and reads everything else.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn optional<T>(self, read: impl FnOnce(Self) -> Result<T, JsonError>) -> Result<Option<T>, JsonError> {
        if self == Self::Null { Ok(None) } else { read(self).map(Some) }
    }

    fn is_no(&self, expected: &str) -> JsonError {
        let is = match self {
            Self::Null => "`null`",
            Self::Truth(_) => "`true` or `false`",
            Self::Number(_) => "a number",
            Self::Text(_) => "a text",
            Self::List(_) => "a list",
            Self::Fields(_) => "an object",
        };
        JsonError::new(format!("there is {is} and not {expected}"))
    }
}

impl Fields {
    /// Takes the field of this name.
    ///
    /// # Errors
    /// There is none.
    pub fn take(&mut self, name: &str) -> Result<Json, JsonError> {
        self.find(name).ok_or_else(|| JsonError::new(format!("missing field `{name}`")))
    }

    /// Takes the field of this name, if there is one.
    pub fn find(&mut self, name: &str) -> Option<Json> {
        let place = self.0.iter().position(|(found, _)| found == name)?;
        Some(self.0.remove(place).1)
    }

    /// Reads the field of this name; nothing when it is `null` or missing.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn optional<T>(
        &mut self,
        name: &str,
        read: impl FnOnce(Json) -> Result<T, JsonError>,
    ) -> Result<Option<T>, JsonError> {
        self.find(name).unwrap_or(Json::Null).optional(read)
    }
}
