//! Writes a drawing as SVG, which browsers show without further programs.

use std::fmt::Write;

use super::drawing::{Drawing, DrawingStyle, Edge, Vertex};
use super::layout::{Layout, Route};
use crate::ir::Graph;

/// The width of a label's character, in pixels.
const CHARACTER: usize = 7;
/// The length at which labels are cut; the whole text is then the tooltip.
const MOST_CHARACTERS: usize = 32;
const HEIGHT: usize = 40;
const MARGIN: usize = 20;
/// The distance between two ranks without frames.
const RANK_GAP: usize = 34;
/// The distance between two columns without frames, with room for a shape.
const COLUMN_GAP: usize = 60;
/// The height of a frame's heading.
const HEADING: usize = 18;
/// The distance between a frame and its content.
const INSET: usize = 8;
const LANE: usize = 14;

const CSS: &str = "text{font:12px sans-serif;fill:#1b1b1b}.d,.s{font-size:10px;fill:#666}.v{fill:#fff;stroke:#444}\
.s{paint-order:stroke;stroke:#fff;stroke-width:3px;text-anchor:end}.p{fill:#e8f1fb}.f{fill:#f4f0e6}.b{fill:#000;fill-opacity:.03;stroke:#bbb}.e{fill:none;stroke:#777}\
.t{stroke-dasharray:4 3}";

/// The graph as an SVG document; `depth` folds as in [`Drawing::of`].
pub fn svg(graph: &Graph, depth: Option<usize>) -> String {
    let drawing = Drawing::of(graph, depth);
    let layout = Layout::of(&drawing);
    let measures = Measures::of(&drawing, &layout);
    let (width, height) = (measures.width(&layout), measures.height());
    let mut text = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {width} {height}\">\n\
         <title>{}</title>\n<style>{CSS}</style>\n\
         <defs><marker id=\"a\" viewBox=\"0 0 8 8\" refX=\"7\" refY=\"4\" markerWidth=\"7\" markerHeight=\"7\" orient=\"auto\">\
         <path d=\"M0 0L8 4L0 8z\" fill=\"#777\"/></marker></defs>\n\
         <rect width=\"{width}\" height=\"{height}\" fill=\"#fff\"/>\n",
        escaped(&drawing.title)
    );
    for index in 0..drawing.frames.len() {
        write_frame(&mut text, &drawing, &layout, &measures, index);
    }
    for (edge, &route) in drawing.edges.iter().zip(&layout.routes) {
        write_edge(&mut text, &drawing, &layout, &measures, edge, route);
    }
    write_shapes(&mut text, &drawing, &layout, &measures);
    for (index, vertex) in drawing.vertices.iter().enumerate() {
        write_vertex(&mut text, vertex, measures.corner(&layout, index), measures.vertex);
    }
    text.push_str("</svg>\n");
    text
}

/// Coordinates and distances, in pixels.
struct Measures {
    /// The width of every vertex.
    vertex: usize,
    /// The distance between the left edges of neighbouring columns.
    pitch: usize,
    /// The left edge of the first column.
    left: usize,
    /// The top edge of each rank.
    tops: Vec<usize>,
    bottom: usize,
}

impl Measures {
    fn of(drawing: &Drawing, layout: &Layout) -> Measures {
        let length = |text: &String| text.chars().count().min(MOST_CHARACTERS);
        let longest = drawing.vertices.iter().map(|vertex| length(&vertex.name).max(length(&vertex.detail)));
        let vertex = (longest.max().unwrap_or(0) * CHARACTER + 24).max(90);
        let beside = layout.extents.iter().map(|extent| extent.beside).max().unwrap_or(0) * INSET;
        let mut above = vec![0; layout.ranks];
        let mut below = vec![0; layout.ranks];
        for extent in &layout.extents {
            above[extent.first.rank] = extent.above.max(above[extent.first.rank]);
            below[extent.last.rank] = extent.below.max(below[extent.last.rank]);
        }
        let mut tops = Vec::with_capacity(layout.ranks);
        let mut y = MARGIN;
        for rank in 0..layout.ranks {
            y += above[rank] * HEADING;
            tops.push(y);
            y += HEIGHT + below[rank] * INSET + RANK_GAP;
        }
        let bottom = y.saturating_sub(RANK_GAP) + MARGIN;
        Measures { vertex, pitch: vertex + COLUMN_GAP + 2 * beside, left: MARGIN + beside, tops, bottom }
    }

    fn corner(&self, layout: &Layout, vertex: usize) -> (usize, usize) {
        let cell = layout.cells[vertex];
        (self.left + cell.column * self.pitch, self.tops[cell.rank])
    }

    /// The x coordinate of a lane; lanes with lower numbers lie further outside.
    fn lane(&self, layout: &Layout, lane: usize) -> usize {
        self.left + layout.columns * self.pitch + (layout.lanes - 1 - lane) * LANE
    }

    fn width(&self, layout: &Layout) -> usize {
        self.left + layout.columns * self.pitch + layout.lanes * LANE + MARGIN
    }

    fn height(&self) -> usize {
        self.bottom
    }
}

fn write_frame(text: &mut String, drawing: &Drawing, layout: &Layout, measures: &Measures, index: usize) {
    let extent = layout.extents[index];
    let x = measures.left + extent.first.column * measures.pitch - extent.beside * INSET;
    let right = measures.left + extent.last.column * measures.pitch + measures.vertex + extent.beside * INSET;
    let y = measures.tops[extent.first.rank] - extent.above * HEADING;
    let bottom = measures.tops[extent.last.rank] + HEIGHT + extent.below * INSET;
    put(
        text,
        &format!(
            "<rect class=\"b\" x=\"{x}\" y=\"{y}\" width=\"{}\" height=\"{}\" rx=\"6\"/>\
             <text class=\"d\" x=\"{}\" y=\"{}\">{}</text>",
            right - x,
            bottom - y,
            x + 6,
            y + 12,
            escaped(&cut(&drawing.frames[index].name))
        ),
    );
}

fn write_edge(
    text: &mut String,
    drawing: &Drawing,
    layout: &Layout,
    measures: &Measures,
    edge: &Edge,
    route: Route,
) {
    let half = measures.vertex / 2;
    let (from, to) = (measures.corner(layout, edge.from), measures.corner(layout, edge.to));
    let (x, y) = (from.0 + half, from.1 + HEIGHT);
    let (end_x, end_y) = (to.0 + half, to.1);
    let path = match route {
        _ if x == end_x && !matches!(route, Route::Lane(_)) => format!("M{x} {y}V{end_y}"),
        Route::EndColumn => {
            let (turn, middle) = (measures.tops[layout.cells[edge.from].rank + 1], y + RANK_GAP / 2);
            format!("M{x} {y}C{x} {middle} {end_x} {middle} {end_x} {turn}V{end_y}")
        }
        Route::StartColumn => {
            let turn = measures.tops[layout.cells[edge.to].rank - 1] + HEIGHT;
            let middle = turn + RANK_GAP / 2;
            format!("M{x} {y}V{turn}C{x} {middle} {end_x} {middle} {end_x} {end_y}")
        }
        Route::Lane(lane) => {
            let lane_x = measures.lane(layout, lane);
            // Edges in neighbouring lanes leave and arrive at different heights, so that they can be told apart.
            let (out, into) = (y + 6 + lane % 4 * 3, end_y - 9 - lane % 3 * 2);
            format!("M{} {y}V{out}H{lane_x}V{into}H{}V{end_y}", x + half / 2, end_x + half / 2)
        }
    };
    let is_train = drawing.vertices[edge.to].dashed;
    let class = if is_train { "e t" } else { "e" };
    put(text, &format!("<path class=\"{class}\" d=\"{path}\" marker-end=\"url(#a)\"/>"));
}

/// Writes each shape that leaves a vertex once, below the vertex and left of the edges, which turn to the right.
fn write_shapes(text: &mut String, drawing: &Drawing, layout: &Layout, measures: &Measures) {
    let mut shapes: Vec<Vec<String>> = vec![Vec::new(); drawing.vertices.len()];
    for edge in &drawing.edges {
        let shape = edge.shape.to_string();
        if !shapes[edge.from].contains(&shape) {
            shapes[edge.from].push(shape);
        }
    }
    for (vertex, shapes) in shapes.iter().enumerate().filter(|(_, shapes)| !shapes.is_empty()) {
        let (x, y) = measures.corner(layout, vertex);
        let (x, y) = (x + measures.vertex / 2 - 5, y + HEIGHT + 14);
        put(text, &format!("<text class=\"s\" x=\"{x}\" y=\"{y}\">{}</text>", shapes.join(", ")));
    }
}

fn write_vertex(text: &mut String, vertex: &Vertex, (x, y): (usize, usize), width: usize) {
    let (look, radius) = match vertex.style {
        DrawingStyle::Port => (" p", HEIGHT / 2),
        DrawingStyle::Operator => ("", 4),
        DrawingStyle::Folded => (" f", 4),
    };
    let train = if vertex.dashed { " t" } else { "" };
    let (name, detail) = (cut(&vertex.name), cut(&vertex.detail));
    let whole = if name == vertex.name && detail == vertex.detail {
        String::new()
    } else {
        format!("<title>{} {}</title>", escaped(&vertex.name), escaped(&vertex.detail))
    };
    let centre = x + width / 2;
    put(
        text,
        &format!(
            "<g>{whole}<rect class=\"v{look}{train}\" x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{HEIGHT}\" rx=\"{radius}\"/>\
             <text x=\"{centre}\" y=\"{}\" text-anchor=\"middle\">{}</text>\
             <text class=\"d\" x=\"{centre}\" y=\"{}\" text-anchor=\"middle\">{}</text></g>",
            y + 17,
            escaped(&name),
            y + 31,
            escaped(&detail)
        ),
    );
}

fn cut(text: &str) -> String {
    if text.chars().count() <= MOST_CHARACTERS {
        return text.to_owned();
    }
    text.chars().take(MOST_CHARACTERS - 1).chain(['…']).collect()
}

fn put(text: &mut String, line: &str) {
    // Writing to a string cannot fail.
    let _ = writeln!(text, "{line}");
}

/// Escapes text for XML. Control characters, which XML forbids, were made visible before.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::super::drawing::tests::graph;
    use super::*;

    #[test]
    fn every_vertex_frame_and_edge_is_drawn() {
        let network = graph(
            "block b(c) { residual < conv 3x3x(c) same relu > relu } input 8x8x4; [b(4) * 2] as s[]; flatten",
        );
        let drawing = Drawing::of(&network, None);
        let text = svg(&network, None);
        assert_eq!(text.matches("<g>").count(), drawing.vertices.len());
        assert_eq!(text.matches("class=\"b\"").count(), drawing.frames.len());
        assert_eq!(text.matches("<path class=\"e").count(), drawing.edges.len());
        assert!(text.contains(">8x8x4</text>") && text.contains(">256</text>"), "{text}");
        assert_eq!(text, svg(&network, None), "the same graph gives the same picture");
    }

    #[test]
    fn elements_are_closed_and_text_is_escaped() {
        let text = svg(&graph("input 8x8x4; relu as \"a<b>&c\"; flatten"), None);
        assert!(text.contains("a&lt;b&gt;&amp;c"), "{text}");
        let opened = text.matches('<').count() - text.matches("</").count() - text.matches("/>").count();
        assert_eq!(opened, text.matches("</").count());
    }

    #[test]
    fn long_names_are_cut_and_kept_as_tooltips() {
        let name = "a".repeat(50);
        let text = svg(&graph(&format!("input 8x8x4; relu as {name}")), None);
        assert!(text.contains(&format!("<title>{name} relu</title>")), "{text}");
        assert!(text.contains(&format!(">{}…</text>", "a".repeat(31))));
    }
}
