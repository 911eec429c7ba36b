//! Reads golden cases: blocks of lines `key value value ...`, ended by an empty line.

use std::collections::HashMap;
use std::str::FromStr;

/// One case: its first line is `kind name`.
pub struct Case<'a> {
    pub kind: &'a str,
    pub name: &'a str,
    values: HashMap<&'a str, &'a str>,
}

/// All cases of a file; lines that start with `#` are comments.
pub fn cases(text: &str) -> Vec<Case<'_>> {
    let blocks = text.split("\n\n").map(|block| block.lines().filter(|l| !l.starts_with('#')));
    blocks
        .filter_map(|mut lines| {
            let (kind, name) = lines.next()?.split_once(' ').expect("`kind name`");
            let values = lines.map(|line| line.split_once(' ').expect("`key values`")).collect();
            Some(Case { kind, name, values })
        })
        .collect()
}

impl Case<'_> {
    /// The values of a key that must be there.
    #[track_caller]
    pub fn all<T: FromStr>(&self, key: &str) -> Vec<T> {
        self.get(key).unwrap_or_else(|| panic!("{}: no {key}", self.name))
    }

    /// The values of a key that may be missing.
    #[track_caller]
    pub fn get<T: FromStr>(&self, key: &str) -> Option<Vec<T>> {
        let parse = |v: &str| v.parse().unwrap_or_else(|_| panic!("{}: {key} {v}", self.name));
        Some(self.values.get(key)?.split(' ').map(parse).collect())
    }

    /// The only value of a key.
    #[track_caller]
    pub fn one<T: FromStr + Clone>(&self, key: &str) -> T {
        let values: Vec<T> = self.all(key);
        assert_eq!(values.len(), 1, "{}: {key}", self.name);
        values[0].clone()
    }
}
