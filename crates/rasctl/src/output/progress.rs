//! A dial as it goes: a line a state, and on a terminal a sign that it is alive.

use super::{Output, Paint, duration, json};
use rasman::Notification;
use std::io::{self, IsTerminal, Write};
use std::time::{Duration, Instant};
use tokio::time::{Interval, MissedTickBehavior, interval};

/// Shows a dial under way.
pub(crate) struct Progress {
    output: Output,
    start: Instant,
    /// What is under way, and since when.
    doing: Option<(String, Instant)>,
    /// There on a terminal alone.
    ticks: Option<Interval>,
    frame: usize,
}

impl Progress {
    /// Starts to count.
    pub(crate) fn start(output: Output) -> Self {
        let alive = !output.is_json() && io::stdout().is_terminal() && output.painter().is_on();
        let ticks = alive.then(|| {
            let mut ticks = interval(TICK);
            ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
            ticks
        });
        Self { output, start: Instant::now(), doing: None, ticks, frame: 0 }
    }

    /// Tells how long it has been.
    pub(crate) fn elapsed(&self) -> Duration {
        self.start.elapsed()
    }

    /// Shows a notification.
    pub(crate) fn notification(&mut self, notification: &Notification) {
        self.clear();
        let elapsed = self.elapsed();
        self.output.line(self.output.painter().notification(elapsed, "", notification));
        self.output.json(&json::notification(elapsed, notification));
        self.doing = (!notification.is_last()).then(|| (notification.state.to_string(), Instant::now()));
    }

    /// Waits for the next time to move; for ever where nobody looks. Cancel-safe.
    pub(crate) async fn tick(&mut self) {
        match &mut self.ticks {
            Some(ticks) => drop(ticks.tick().await),
            None => std::future::pending().await,
        }
        self.draw();
    }

    /// Takes the sign of life away, so that something else can be written.
    pub(crate) fn clear(&mut self) {
        self.doing = None;
        if self.ticks.is_some() {
            write(format_args!("\r\x1b[K"));
        }
    }

    fn draw(&mut self) {
        let Some((what, since)) = &self.doing else { return };
        // What is over in a moment needs no sign.
        if since.elapsed() < PATIENCE {
            return;
        }
        self.frame = (self.frame + 1) % FRAMES.len();
        let painter = self.output.painter();
        let sign = painter.paint(Paint::Title, FRAMES[self.frame]);
        let text = painter.paint(Paint::Dim, format_args!("{what}, for {}", duration(since.elapsed())));
        write(format_args!("\r\x1b[K{:>9}  {sign} {text}", ""));
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.clear();
    }
}

fn write(text: std::fmt::Arguments<'_>) {
    let mut output = io::stdout().lock();
    let _ = output.write_fmt(text).and_then(|()| output.flush());
}

const TICK: Duration = Duration::from_millis(100);
const PATIENCE: Duration = Duration::from_millis(300);
const FRAMES: [&str; 10] = ["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"];
