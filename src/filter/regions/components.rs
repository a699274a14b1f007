// SPDX-License-Identifier: MPL-2.0

//! Connected components of a mask, by runs: every row is cut into runs of set pixels, runs that
//! touch those of the row above join them (union-find), and the components come out with their
//! areas. Nothing is kept per pixel, so a mask costs little more than reading it once.

/// Set pixels `start..end` of row `y`, all of one component.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Run {
    /// Row.
    pub y: u32,
    /// First column.
    pub start: u32,
    /// Column after the last.
    pub end: u32,
    /// Index of the component, in the order of their first pixels.
    pub component: u32,
}

/// How many values at the beginning of a row pass `test`: long stretches are tested in blocks.
pub(crate) fn leading(row: &[u8], test: impl Fn(u8) -> bool) -> usize {
    const AT_ONCE: usize = 32;
    let mut count = 0;
    for chunk in row.chunks_exact(AT_ONCE) {
        if !chunk.iter().fold(true, |all, v| all & test(*v)) {
            break;
        }
        count += AT_ONCE;
    }
    let rest = row[count..].iter();
    count + rest.take_while(|v| test(**v)).count()
}

/// What is known about a component.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Component {
    /// Pixels.
    pub area: u32,
    /// Whether it touches the border of the mask.
    pub border: bool,
}

/// Which neighbours of a pixel belong to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Connectivity {
    /// The four that share a side.
    Four,
    /// The eight that share a side or a corner.
    Eight,
}

/// The labelling of one mask, with its scratch memory.
#[derive(Debug, Default)]
pub struct Labelling {
    runs: Vec<Run>,
    parents: Vec<u32>,
    components: Vec<Component>,
}

impl Labelling {
    /// All runs of the last mask, row by row from the left.
    pub fn runs(&self) -> &[Run] {
        &self.runs
    }

    /// All components of the last mask.
    pub fn components(&self) -> &[Component] {
        &self.components
    }

    /// Labels the pixels of a `width` pixels wide `mask` that are not 0.
    pub fn label(&mut self, mask: &[u8], width: usize, connectivity: Connectivity) {
        self.runs.clear();
        self.parents.clear();
        let reach = u32::from(connectivity == Connectivity::Eight);
        let height = mask.len() / width.max(1);
        let mut above = 0..0;
        for (y, row) in mask.chunks_exact(width).enumerate() {
            let first = self.runs.len();
            let mut candidate = above.start;
            let mut x = 0;
            loop {
                let start = x + leading(&row[x..], |v| v == 0);
                if start >= width {
                    break;
                }
                let end = start + leading(&row[start..], |v| v != 0);
                let mut root = None;
                // Runs above are sorted: those that end before this one begins are done with.
                while candidate < above.end && self.runs[candidate].end + reach <= start as u32 {
                    candidate += 1;
                }
                let mut other = candidate;
                while other < above.end && self.runs[other].start < end as u32 + reach {
                    let found = self.find(self.runs[other].component);
                    root = Some(match root {
                        None => found,
                        Some(root) => self.join(root, found),
                    });
                    other += 1;
                }
                let component = root.unwrap_or_else(|| {
                    self.parents.push(self.parents.len() as u32);
                    self.parents.len() as u32 - 1
                });
                let (y, start, end32) = (y as u32, start as u32, end as u32);
                self.runs.push(Run {
                    y,
                    start,
                    end: end32,
                    component,
                });
                x = end;
                if x >= width {
                    break;
                }
            }
            above = first..self.runs.len();
        }
        self.number(width as u32, height as u32);
    }

    fn find(&mut self, mut label: u32) -> u32 {
        while self.parents[label as usize] != label {
            let grandparent = self.parents[self.parents[label as usize] as usize];
            self.parents[label as usize] = grandparent;
            label = grandparent;
        }
        label
    }

    fn join(&mut self, a: u32, b: u32) -> u32 {
        let (low, high) = (a.min(b), a.max(b));
        self.parents[high as usize] = low;
        low
    }

    /// Gives components consecutive numbers and sums them up. Roots are the smallest label of
    /// their set, so they are numbered before anything that points to them.
    fn number(&mut self, width: u32, height: u32) {
        self.components.clear();
        for label in 0..self.parents.len() {
            let parent = self.parents[label] as usize;
            if parent == label {
                self.parents[label] = self.components.len() as u32;
                self.components.push(Component::default());
            } else {
                self.parents[label] = self.parents[parent];
            }
        }
        for run in &mut self.runs {
            run.component = self.parents[run.component as usize];
            let component = &mut self.components[run.component as usize];
            component.area += run.end - run.start;
            component.border |=
                run.y == 0 || run.y + 1 == height || run.start == 0 || run.end == width;
        }
    }
}

#[cfg(test)]
#[path = "components_tests.rs"]
mod tests;
