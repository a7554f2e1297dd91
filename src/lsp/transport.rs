//! Messages of the protocol over two byte streams, or within memory.
//!
//! A thread reads and a thread writes, so that the server sees a newer edit while it still works on an older one.
//! What is not a message is answered with an error; nothing that a client sends ends the server or makes it reserve
//! more memory than a message may have.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{self, Receiver, Sender, SyncSender};
use std::thread;

use gen_lsp_types::ErrorCodes;
use gen_lsp_types::json_rpc::Id;
use serde_json::{Value, json};

/// The size limit of a message in bytes: enough for the largest source with each byte written as `\u0000`.
const MOST_BYTES: u64 = 32 << 20;

/// The size limit of a header line in bytes.
const MOST_HEADER: u64 = 4 << 10;

/// The capacity of the queue of unhandled messages; when it is full, the client has to wait.
const MOST_WAITING: usize = 256;

/// A message of the client.
#[derive(Debug)]
pub(super) enum Incoming {
    /// A message that must be answered.
    Request { id: Id, method: String, params: Value },
    /// A message without an answer.
    Notification { method: String, params: Value },
    /// Answers a request of the server.
    Response,
    /// A message that cannot be parsed; the id is null where it has none.
    Malformed { id: Id, code: ErrorCodes, message: String },
}

/// The server's end of a connection.
#[derive(Debug)]
pub struct Connection {
    pub(super) incoming: Receiver<Incoming>,
    pub(super) outgoing: Sender<Value>,
    pub(super) edits: Edits,
}

/// Counts the edits that arrived, so that work on an older text can be given up.
#[derive(Clone, Debug, Default)]
pub(super) struct Edits(Arc<AtomicU64>);

impl Edits {
    /// The number of edits that arrived.
    pub(super) fn arrived(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// The client's end of a connection within memory, for tests and programs that embed the server.
#[derive(Debug)]
pub struct Client {
    inbox: Inbox,
    outgoing: Receiver<Value>,
}

impl Client {
    /// Sends a message; false where the server has ended.
    pub fn send(&self, message: Value) -> bool {
        self.inbox.deliver(classify(message))
    }

    /// The next message of the server; `None` where it has ended.
    pub fn receive(&self) -> Option<Value> {
        self.outgoing.recv().ok()
    }
}

/// The sending end of the server's queue.
#[derive(Clone, Debug)]
struct Inbox {
    sender: SyncSender<Incoming>,
    edits: Edits,
}

impl Inbox {
    fn deliver(&self, message: Incoming) -> bool {
        if is_edit(&message) {
            self.edits.0.fetch_add(1, Ordering::Relaxed);
        }
        self.sender.send(message).is_ok()
    }
}

/// Returns whether a message changes the text of an open document.
pub(super) fn is_edit(message: &Incoming) -> bool {
    matches!(message, Incoming::Notification { method, .. } if method == "textDocument/didChange")
}

impl Connection {
    /// A connection within memory.
    pub fn memory() -> (Connection, Client) {
        let (inbox, incoming) = channel();
        let (outgoing, receiver) = mpsc::channel();
        let edits = inbox.edits.clone();
        (Connection { incoming, outgoing, edits }, Client { inbox, outgoing: receiver })
    }

    /// Connects the server to two streams, and gives the handle of the writing thread, which ends when the server drops
    /// the connection.
    ///
    /// # Errors
    ///
    /// Fails if no thread can be started.
    pub fn over(
        input: impl Read + Send + 'static,
        output: impl Write + Send + 'static,
    ) -> io::Result<(Connection, thread::JoinHandle<()>)> {
        let (inbox, incoming) = channel();
        let (outgoing, receiver) = mpsc::channel();
        let edits = inbox.edits.clone();
        thread::Builder::new().name("reader".to_owned()).spawn(move || read_all(input, &inbox))?;
        let writer =
            thread::Builder::new().name("writer".to_owned()).spawn(move || write_all(output, &receiver))?;
        Ok((Connection { incoming, outgoing, edits }, writer))
    }
}

fn channel() -> (Inbox, Receiver<Incoming>) {
    let (sender, incoming) = mpsc::sync_channel(MOST_WAITING);
    (Inbox { sender, edits: Edits::default() }, incoming)
}

/// Reads messages until the stream ends or the server drops the queue.
fn read_all(input: impl Read, inbox: &Inbox) {
    let mut input = BufReader::new(input);
    while let Ok(Some(frame)) = read_frame(&mut input) {
        if !inbox.deliver(understand(frame)) {
            return;
        }
    }
}

/// Writes messages until the server drops the channel. After a write error the rest is dropped; the loop learns of the
/// closed client by the end of its input.
fn write_all(mut output: impl Write, messages: &Receiver<Value>) {
    for message in messages {
        let text = message.to_string();
        let written = write!(output, "Content-Length: {}\r\n\r\n{text}", text.len());
        if written.and_then(|()| output.flush()).is_err() {
            return;
        }
    }
}

/// The bytes of a message, or the reason why the frame is invalid.
type Frame = Result<Vec<u8>, String>;

/// Reads the header and the bytes of a message; `None` at the end of the stream.
fn read_frame(input: &mut impl BufRead) -> io::Result<Option<Frame>> {
    let mut length = None;
    let mut line = Vec::new();
    loop {
        line.clear();
        if input.by_ref().take(MOST_HEADER).read_until(b'\n', &mut line)? == 0 {
            return Ok(None);
        }
        let text = String::from_utf8_lossy(&line);
        let text = text.trim_end();
        if text.is_empty() && line.ends_with(b"\n") {
            break;
        }
        if let Some((name, value)) = text.split_once(':')
            && name.eq_ignore_ascii_case("content-length")
        {
            length = value.trim().parse::<u64>().ok();
        }
    }
    let Some(length) = length else {
        return Ok(Some(Err("a message without a `Content-Length`".to_owned())));
    };
    let mut body = input.by_ref().take(length);
    if length > MOST_BYTES {
        io::copy(&mut body, &mut io::sink())?;
        return Ok(Some(Err(format!("a message of {length} bytes; the limit is {MOST_BYTES}"))));
    }
    let mut bytes = Vec::new();
    body.read_to_end(&mut bytes)?;
    // A stream that ends within a message gives no message.
    Ok((bytes.len() as u64 == length).then_some(Ok(bytes)))
}

fn understand(frame: Frame) -> Incoming {
    let malformed =
        |message: String| Incoming::Malformed { id: Id::Null, code: ErrorCodes::ParseError, message };
    match frame {
        Err(why) => malformed(why),
        Ok(bytes) => match serde_json::from_slice(&bytes) {
            Ok(value) => classify(value),
            Err(error) => malformed(format!("a message is not JSON: {error}")),
        },
    }
}

fn classify(mut message: Value) -> Incoming {
    let method = message.get("method").and_then(Value::as_str).map(str::to_owned);
    let id = message.get("id").map(|id| serde_json::from_value(id.clone()));
    let params = message.get_mut("params").map_or(Value::Null, Value::take);
    match (method, id) {
        (Some(method), None) => Incoming::Notification { method, params },
        (Some(method), Some(Ok(id @ (Id::Number(_) | Id::String(_))))) => {
            Incoming::Request { id, method, params }
        }
        (None, Some(Ok(_))) if message.get("result").is_some() || message.get("error").is_some() => {
            Incoming::Response
        }
        (_, id) => {
            let id = id.and_then(Result::ok).unwrap_or(Id::Null);
            let message = "a message has a `method`, and an `id` that is a number or text".to_owned();
            Incoming::Malformed { id, code: ErrorCodes::InvalidRequest, message }
        }
    }
}

/// The message that answers a request with a result.
pub(super) fn response(id: &Id, result: Value) -> Value {
    json!({ "jsonrpc": "2.0", "id": id, "result": result })
}

/// The message that answers a request with an error.
pub(super) fn refusal(id: &Id, code: ErrorCodes, message: &str) -> Value {
    json!({ "jsonrpc": "2.0", "id": id, "error": { "code": code, "message": message } })
}

/// A notification from the server.
pub(super) fn notification(method: &str, params: Value) -> Value {
    json!({ "jsonrpc": "2.0", "method": method, "params": params })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frames(bytes: &[u8]) -> Vec<Frame> {
        let mut input = BufReader::new(bytes);
        std::iter::from_fn(|| read_frame(&mut input).expect("memory can be read")).collect()
    }

    #[test]
    fn frames_are_read_one_after_another_whatever_their_headers() {
        let text = b"Content-Length: 2\r\n\r\n{}content-type: x\r\ncontent-length:3\r\n\r\n[1]";
        assert_eq!(frames(text), [Ok(b"{}".to_vec()), Ok(b"[1]".to_vec())]);
        let lost = b"Content-Length: many\r\n\r\nContent-Length: 1\r\n\r\n7Content-Length: 9\r\n\r\n{}";
        assert_eq!(frames(lost).len(), 2, "the last is cut short");
        let large = b"Content-Length: 99999999999999\r\n\r\n{}";
        assert!(frames(large)[0].as_ref().is_err_and(|why| why.contains("the limit is")));
    }

    #[test]
    fn what_is_no_message_is_told_apart() {
        let shown = |text: &str| format!("{:?}", understand(Ok(text.as_bytes().to_vec())));
        assert!(shown("{").contains("ParseError"));
        assert!(shown("[]").contains("InvalidRequest"));
        assert!(shown(r#"{"id": 1.5, "method": "x"}"#).contains("InvalidRequest"));
        assert!(shown(r#"{"id": 3}"#).contains("InvalidRequest"));
        assert!(shown(r#"{"id": 3, "result": null}"#).contains("Response"));
        assert!(shown(r#"{"id": "a", "method": "x"}"#).starts_with("Request"));
        assert!(shown(r#"{"method": "x"}"#).starts_with("Notification"));
    }
}
