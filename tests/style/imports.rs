//! Finds circles of imports between the files of a crate.
//!
//! A path is followed through modules and re-exports to the file that defines what it names. Re-exports themselves and
//! modules that are only compiled for tests do not count.

use std::collections::{BTreeMap, BTreeSet};
use syn::visit::{self, Visit};

/// The circles between these files, each a path from the project's folder and its text. `src/lib.rs` is the root.
pub fn circles(sources: &[(String, String)]) -> Vec<String> {
    let mut tree = Tree::default();
    for (file, text) in sources {
        let parsed = syn::parse_file(text).unwrap_or_else(|error| panic!("{file}: {error}"));
        tree.collect(&module_of(file), file, &parsed.items);
    }
    let mut edges: BTreeMap<&str, BTreeMap<&str, &str>> = BTreeMap::new();
    for (module, from, path) in &tree.paths {
        if let Some((to, name)) = tree.resolve(module, path, 0)
            && to != from
        {
            edges.entry(from).or_default().entry(to).or_insert(name);
        }
    }
    report(&edges)
}

fn report(edges: &BTreeMap<&str, BTreeMap<&str, &str>>) -> Vec<String> {
    let reached = |from: &str| {
        let mut seen = BTreeSet::new();
        let mut open = vec![from];
        while let Some(file) = open.pop() {
            for to in edges.get(file).into_iter().flat_map(BTreeMap::keys) {
                if seen.insert(*to) {
                    open.push(to);
                }
            }
        }
        seen
    };
    let all: BTreeMap<&str, BTreeSet<&str>> = edges.keys().map(|file| (*file, reached(file))).collect();
    let mut reported = BTreeSet::new();
    let mut circles = Vec::new();
    for (file, reach) in &all {
        if !reach.contains(file) || reported.contains(file) {
            continue;
        }
        let members: Vec<&str> =
            reach.iter().copied().filter(|other| all.get(other).is_some_and(|back| back.contains(file))).collect();
        reported.extend(members.iter().copied());
        let arrows: Vec<String> = members
            .iter()
            .flat_map(|from| edges[from].iter().map(move |(to, name)| (from, to, name)))
            .filter(|(_, to, _)| members.contains(to))
            .map(|(from, to, name)| format!("{from} -> {to} ({name})"))
            .collect();
        circles.push(format!("circle: {}", arrows.join("; ")));
    }
    circles
}

/// The path of the module that a file is.
fn module_of(file: &str) -> Vec<String> {
    let path = file.strip_prefix("src/").and_then(|file| file.strip_suffix(".rs")).expect("a Rust file of src");
    let mut module: Vec<String> = path.split('/').map(str::to_owned).collect();
    if module.last().is_some_and(|name| name == "mod") || path == "lib" {
        module.pop();
    }
    module
}

#[derive(Default)]
struct Tree {
    /// The file in which each module stands.
    modules: BTreeMap<Vec<String>, String>,
    /// What each module's `use` items name: the name, and the path that it stands for.
    names: BTreeMap<(Vec<String>, String), Vec<String>>,
    /// The paths that count as imports: the module and file in which they stand, and their segments.
    paths: Vec<(Vec<String>, String, Vec<String>)>,
}

impl Tree {
    fn collect(&mut self, module: &[String], file: &str, items: &[syn::Item]) {
        self.modules.insert(module.to_vec(), file.to_owned());
        for item in items {
            match item {
                syn::Item::Mod(inner) if is_for_tests(&inner.attrs) => {}
                syn::Item::Mod(inner) => {
                    if let Some((_, items)) = &inner.content {
                        let mut module = module.to_vec();
                        module.push(inner.ident.to_string());
                        self.collect(&module, file, items);
                    }
                }
                _ => {
                    let mut found = Paths::default();
                    found.visit_item(item);
                    let is_reexport =
                        matches!(item, syn::Item::Use(item) if !matches!(item.vis, syn::Visibility::Inherited));
                    for (name, path) in found.uses {
                        self.names.insert((module.to_vec(), name), path.clone());
                        if !is_reexport {
                            self.paths.push((module.to_vec(), file.to_owned(), path));
                        }
                    }
                    self.paths.extend(found.paths.into_iter().map(|path| (module.to_vec(), file.to_owned(), path)));
                }
            }
        }
    }

    /// The file that defines what a path names, and the last name that led there.
    fn resolve<'a>(&'a self, module: &[String], path: &'a [String], depth: usize) -> Option<(&'a str, &'a str)> {
        assert!(depth < 50, "{path:?} leads to itself");
        let mut here = module.to_vec();
        let name = path.last()?;
        for (index, segment) in path.iter().enumerate() {
            match segment.as_str() {
                "crate" => here.clear(),
                "self" => {}
                "super" => {
                    here.pop();
                }
                _ => {
                    let mut child = here.clone();
                    child.push(segment.clone());
                    if self.modules.contains_key(&child) {
                        here = child;
                    } else if let Some(alias) = self.names.get(&(here.clone(), segment.clone())) {
                        // A name that stands for itself is another crate's.
                        if alias == path {
                            return None;
                        }
                        let (file, _) = self.resolve(&here, alias, depth + 1)?;
                        return Some((file, name));
                    } else if index == 0 {
                        return None;
                    } else {
                        break;
                    }
                }
            }
        }
        self.modules.get(&here).map(|file| (file.as_str(), name.as_str()))
    }
}

fn is_for_tests(attributes: &[syn::Attribute]) -> bool {
    attributes.iter().any(|attribute| match &attribute.meta {
        syn::Meta::List(list) if list.path.is_ident("cfg") => {
            let condition = list.tokens.to_string();
            condition == "test" || condition.starts_with("all") && condition.contains("test")
        }
        _ => false,
    })
}

/// The paths that an item holds.
#[derive(Default)]
struct Paths {
    uses: Vec<(String, Vec<String>)>,
    paths: Vec<Vec<String>>,
}

impl Paths {
    fn add_use(&mut self, before: &[String], tree: &syn::UseTree) {
        let with = |name: &syn::Ident| [before, &[name.to_string()]].concat();
        match tree {
            syn::UseTree::Path(path) => self.add_use(&with(&path.ident), &path.tree),
            syn::UseTree::Name(name) if name.ident == "self" => {
                let name = before.last().expect("self follows a path").clone();
                self.uses.push((name, before.to_vec()));
            }
            syn::UseTree::Name(name) => self.uses.push((name.ident.to_string(), with(&name.ident))),
            syn::UseTree::Rename(rename) => self.uses.push((rename.rename.to_string(), with(&rename.ident))),
            syn::UseTree::Group(group) => group.items.iter().for_each(|tree| self.add_use(before, tree)),
            syn::UseTree::Glob(_) => self.uses.push(("*".to_owned(), before.to_vec())),
        }
    }
}

impl<'ast> Visit<'ast> for Paths {
    fn visit_item_use(&mut self, item: &'ast syn::ItemUse) {
        self.add_use(&[], &item.tree);
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        if path.segments.len() > 1 {
            self.paths.push(path.segments.iter().map(|segment| segment.ident.to_string()).collect());
        }
        visit::visit_path(self, path);
    }
}
