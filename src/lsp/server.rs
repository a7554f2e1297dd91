//! The message loop: the phases of the server, the queue of waiting messages, and the guard that catches a panic in a
//! handler.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender};

use gen_lsp_types::json_rpc::Id;
use gen_lsp_types::{ErrorCodes, LspErrorCodes};
use serde_json::{Value, json};

use crate::base::Interrupt;

use super::Host;
use super::capabilities;
use super::position::Encoding;
use super::refusal::Refusal;
use super::requests;
use super::transport::{Connection, Edits, Incoming, is_edit, notification, refusal, response};
use super::workbench::Workbench;

/// The number of messages that are queued in advance, to find edits and cancellations behind them.
const MOST_QUEUED: usize = 1024;

/// The way in which the server ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// The client asked it to end.
    Orderly,
    /// The client left, or ended the server without asking for a shutdown first.
    Abrupt,
}

/// The phase of the protocol, which decides which messages are allowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// Before `initialize`.
    New,
    /// Between `initialize` and `shutdown`.
    Running,
    /// After `shutdown`.
    ShutDown,
}

struct Server {
    outgoing: Sender<Value>,
    edits: Edits,
    /// The number of edits that were handled.
    edits_handled: u64,
    phase: Phase,
    workbench: Workbench,
}

/// Serves a client until it leaves.
pub fn serve(connection: Connection, host: Arc<dyn Host>) -> Ending {
    let Connection { incoming, outgoing, edits } = connection;
    let workbench = Workbench::new(host, Encoding::Utf16);
    let mut server = Server { outgoing, edits, edits_handled: 0, phase: Phase::New, workbench };
    let mut queue = VecDeque::new();
    loop {
        server.take_in(&incoming, &mut queue);
        let message = match queue.pop_front() {
            Some(message) => message,
            None if server.phase == Phase::Running && server.work() => continue,
            None => match incoming.recv() {
                Ok(message) => message,
                Err(_) => return Ending::Abrupt,
            },
        };
        if is_edit(&message) {
            server.edits_handled += 1;
        }
        match message {
            Incoming::Request { id, method, params } => server.request(&id, &method, params),
            Incoming::Notification { method, .. } if method == "exit" => {
                let asked = server.phase == Phase::ShutDown;
                return if asked { Ending::Orderly } else { Ending::Abrupt };
            }
            Incoming::Notification { method, params } => server.notification(&method, params),
            Incoming::Response => {}
            Incoming::Malformed { id, code, message } => server.send(refusal(&id, code, &message)),
        }
    }
}

impl Server {
    /// Moves arrived messages into the queue. A request that is cancelled before its turn is answered at once.
    fn take_in(&self, incoming: &Receiver<Incoming>, queue: &mut VecDeque<Incoming>) {
        while queue.len() < MOST_QUEUED {
            let Ok(message) = incoming.try_recv() else { return };
            match &message {
                Incoming::Notification { method, params } if method == "$/cancelRequest" => {
                    self.cancel(params, queue);
                }
                _ => queue.push_back(message),
            }
        }
    }

    fn cancel(&self, params: &Value, queue: &mut VecDeque<Incoming>) {
        let Some(Ok(cancelled)) = params.get("id").map(|id| serde_json::from_value::<Id>(id.clone())) else {
            return;
        };
        let is_it = |message: &Incoming| matches!(message, Incoming::Request { id, .. } if *id == cancelled);
        if let Some(index) = queue.iter().position(is_it) {
            queue.remove(index);
            let code = ErrorCodes::Custom(i32::from(LspErrorCodes::RequestCancelled));
            self.send(refusal(&cancelled, code, "cancelled by the client"));
        }
    }

    /// Sends a message. If the client has closed the connection, the message is dropped and the loop ends soon after.
    fn send(&self, message: Value) {
        let _ = self.outgoing.send(message);
    }

    fn request(&mut self, id: &Id, method: &str, params: Value) {
        let answer = self.guarded(method, |server| server.answer(method, params));
        self.send(match answer {
            Ok(result) => response(id, result),
            Err(why) => refusal(id, why.code, &why.message),
        });
    }

    fn answer(&mut self, method: &str, params: Value) -> Result<Value, Refusal> {
        let refused = |code, message: &str| Err(Refusal { code, message: message.to_owned() });
        match (self.phase, method) {
            (Phase::New, "initialize") => {
                let offered = params.pointer("/capabilities/general/positionEncodings");
                let encoding = Encoding::choose(offered);
                self.workbench.initialize(&params, encoding);
                self.phase = Phase::Running;
                Ok(capabilities::of(encoding))
            }
            (Phase::New, _) => refused(ErrorCodes::ServerNotInitialized, "the server was not initialized"),
            (Phase::ShutDown, _) => refused(ErrorCodes::InvalidRequest, "the server was shut down"),
            (Phase::Running, "initialize") => {
                refused(ErrorCodes::InvalidRequest, "the server is initialized already")
            }
            (Phase::Running, "shutdown") => {
                self.phase = Phase::ShutDown;
                Ok(Value::Null)
            }
            (Phase::Running, _) => {
                let interrupt = self.interrupt();
                requests::answer(&mut self.workbench, method, params, &interrupt)
            }
        }
    }

    fn notification(&mut self, method: &str, params: Value) {
        if self.phase != Phase::Running {
            return;
        }
        let handled = self.guarded(method, |server| {
            if method == "initialized" {
                server.watch_files();
            }
            server.workbench.notice(method, params)
        });
        if let Err(why) = handled {
            self.log(&format!("{method}: {}", why.message));
        }
    }

    /// Checks one file whose text or uses have changed; false if there is none.
    fn work(&mut self) -> bool {
        let interrupt = self.interrupt();
        let published = self.guarded("a check", |server| Ok(server.workbench.check_next(&interrupt)));
        match published {
            Ok(None) => false,
            Ok(Some(all)) => {
                for params in all {
                    self.send(notification("textDocument/publishDiagnostics", params));
                }
                true
            }
            Err(_) => true,
        }
    }

    /// A test whether an edit has arrived that was not handled yet, which makes the result of the present work
    /// outdated.
    fn interrupt(&self) -> Interrupt {
        let (edits, handled) = (self.edits.clone(), self.edits_handled);
        Interrupt::when(move || edits.arrived() != handled)
    }

    /// Runs a handler. A panic in it is answered as an error and logged, and the workbench drops all analyses.
    fn guarded<T>(
        &mut self,
        what: &str,
        handler: impl FnOnce(&mut Server) -> Result<T, Refusal>,
    ) -> Result<T, Refusal> {
        let result = catch_unwind(AssertUnwindSafe(|| handler(self)));
        result.unwrap_or_else(|panic| {
            let text = panic.downcast_ref::<String>().map(String::as_str);
            let text = text.or(panic.downcast_ref::<&str>().copied()).unwrap_or("without a message");
            let message = format!("an error of the compiler itself, in {what}: {text}");
            self.log(&message);
            self.workbench.start_over();
            Err(Refusal { code: ErrorCodes::InternalError, message })
        })
    }

    fn log(&self, message: &str) {
        const WARNING: u32 = 2;
        self.send(notification("window/logMessage", json!({ "type": WARNING, "message": message })));
    }

    /// Asks the client to report changes of sources and project files on disk.
    fn watch_files(&self) {
        if !self.workbench.client_watches_files() {
            return;
        }
        let watchers = json!([{ "globPattern": "**/*.cnn" }, { "globPattern": "**/cnnc.toml" }]);
        let registration = json!({
            "id": "files",
            "method": "workspace/didChangeWatchedFiles",
            "registerOptions": { "watchers": watchers },
        });
        self.send(json!({
            "jsonrpc": "2.0",
            "id": "files",
            "method": "client/registerCapability",
            "params": { "registrations": [registration] },
        }));
    }
}
