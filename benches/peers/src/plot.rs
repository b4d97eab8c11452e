//! The figures of `peers scale` as curves in one SVG.

use std::ops::Range;
use std::path::Path;

use anyhow::{Result, anyhow, bail};
use plotters::coord::Shift;
use plotters::prelude::*;

use crate::scale::{Growth, Load, Point};

const SIZE: (u32, u32) = (1200, 1300);
/// A colour for each server; more of them begin again.
const COLOURS: [RGBColor; 9] = [
    RGBColor(0, 90, 181),
    RGBColor(0, 158, 115),
    RGBColor(86, 180, 233),
    RGBColor(120, 120, 120),
    RGBColor(213, 94, 0),
    RGBColor(204, 121, 167),
    RGBColor(230, 159, 0),
    RGBColor(160, 30, 30),
    RGBColor(90, 40, 130),
];

type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;

/// Draws six panels, all with logarithmic axes.
pub fn draw(growth: &Growth, path: &Path) -> Result<()> {
    let root = SVGBackend::new(path, SIZE).into_drawing_area();
    root.fill(&WHITE).map_err(failed)?;
    let (panels, names) = root.split_horizontally(SIZE.0 - 130);
    legend(&names, growth)?;
    let panels = panels.split_evenly((3, 2));
    let [files, memory, median, p99, entries, listed] = &panels[..] else { bail!("not six panels") };
    // At the number that there was, even if more were wanted.
    let sessions: Vec<Point<Load>> = growth
        .sessions
        .iter()
        .map(|point| {
            let count = point.figure.as_ref().map_or(point.count, |load| load.idle);
            Point { count, ..point.clone() }
        })
        .collect();
    let (sessions, idle) = (&sessions[..], "idle sessions");
    let title = format!("1 KiB files per second, {} active sessions", growth.active);
    panel(files, growth, &title, idle, sessions, |load| load.files)?;
    panel(memory, growth, "memory of the server, KiB", idle, sessions, |load| load.memory)?;
    panel(median, growth, "median of a fetch, ms", idle, sessions, |load| load.median)?;
    panel(p99, growth, "99th percentile of a fetch, ms", idle, sessions, |load| load.p99)?;
    let listings = &growth.listings;
    panel(entries, growth, "LIST, entries per second", "entries", listings, |list| list.entries)?;
    panel(listed, growth, "memory of a listing, KiB", "entries", listings, |list| list.memory)?;
    root.present().map_err(failed)
}

/// Writes the name of each server beside its colour.
fn legend(area: &Area<'_>, growth: &Growth) -> Result<()> {
    for (y, (server, colour)) in (60..).step_by(22).zip(coloured(growth)) {
        area.draw(&PathElement::new([(0, y), (20, y)], colour.stroke_width(3))).map_err(failed)?;
        area.draw(&Text::new(server, (28, y - 7), ("sans-serif", 14))).map_err(failed)?;
    }
    Ok(())
}

fn coloured(growth: &Growth) -> impl Iterator<Item = (&str, RGBColor)> {
    growth.servers.iter().map(String::as_str).zip(COLOURS.into_iter().cycle())
}

fn panel<T>(
    area: &Area<'_>,
    growth: &Growth,
    title: &str,
    axis: &str,
    points: &[Point<T>],
    value: impl Fn(&T) -> f64,
) -> Result<()> {
    let curve = |server: &str| -> Vec<(f64, f64)> {
        let own = points.iter().filter(|point| point.server == server);
        // A logarithmic axis has no place for others.
        own.filter_map(|point| Some((point.count as f64, value(point.figure.as_ref()?))))
            .filter(|&(count, value)| count > 0.0 && value > 0.0)
            .collect()
    };
    let all: Vec<_> = growth.servers.iter().flat_map(|server| curve(server)).collect();
    let (Some(x), Some(y)) =
        (bounds(all.iter().map(|point| point.0)), bounds(all.iter().map(|point| point.1)))
    else {
        return Ok(());
    };
    let mut chart = ChartBuilder::on(area)
        .caption(title, ("sans-serif", 18))
        .margin(12)
        .x_label_area_size(40)
        .y_label_area_size(80)
        .build_cartesian_2d((x.0 / 1.3..x.1 * 1.3).log_scale(), decades(y).log_scale())
        .map_err(failed)?;
    let label = |value: &f64| if *value < 1.0 { value.to_string() } else { format!("{value:.0}") };
    chart
        .configure_mesh()
        .x_desc(axis)
        .x_label_formatter(&label)
        .y_label_formatter(&label)
        .light_line_style(TRANSPARENT)
        .draw()
        .map_err(failed)?;
    for (server, colour) in coloured(growth) {
        let curve = curve(server);
        let marks = curve.iter().map(|&point| Circle::new(point, 3, colour.filled()));
        chart.draw_series(marks).map_err(failed)?;
        chart.draw_series(LineSeries::new(curve, colour.stroke_width(2))).map_err(failed)?;
    }
    Ok(())
}

/// Returns the lowest and the highest of `values`, unless there are none.
fn bounds(values: impl Iterator<Item = f64> + Clone) -> Option<(f64, f64)> {
    let low = values.clone().min_by(f64::total_cmp)?;
    Some((low, values.max_by(f64::total_cmp)?))
}

/// Returns whole powers of ten around `low` and `high`, so that there are at least two labels.
fn decades((low, high): (f64, f64)) -> Range<f64> {
    let low = low.log10().floor();
    10_f64.powf(low)..10_f64.powf(high.log10().ceil().max(low + 1.0))
}

fn failed(error: impl std::fmt::Display) -> anyhow::Error {
    anyhow!("cannot draw: {error}")
}
