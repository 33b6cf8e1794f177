"use strict";

/* The key lives in sessionStorage: it goes when the tab is closed. Text of the model is only ever
   put into text nodes, so nothing it writes can become part of the page. */

const KEY = "assay-key";
const find = (id) => document.getElementById(id);
const log = find("log");
const question = find("question");

let messages = [];
let running = null;  // the answer that is being written

function headers() {
  return { "Content-Type": "application/json", Authorization: `Bearer ${sessionStorage.getItem(KEY)}` };
}

function show(open) {
  find("entry").hidden = open;
  for (const id of ["talk", "compose", "new", "leave"]) find(id).hidden = !open;
  (open ? question : find("key")).focus();
}

async function problemOf(reply) {
  try {
    return (await reply.json()).error.message;
  } catch {
    return `The server answered with ${reply.status}.`;
  }
}

async function enter() {
  if (!sessionStorage.getItem(KEY)) return show(false);
  let problem = "The server does not answer.";
  try {
    const reply = await fetch("/v1/models", { headers: headers() });
    if (reply.ok) {
      const models = (await reply.json()).data;
      find("model").textContent = models.length ? models[0].id : "no model is loaded";
      find("refusal").hidden = true;
      return show(true);
    }
    problem = await problemOf(reply);
  } catch { /* the sentence above says it */ }
  sessionStorage.removeItem(KEY);
  find("refusal").textContent = problem;
  find("refusal").hidden = false;
  show(false);
}

function element(kind, name, parent, text = "") {
  const made = document.createElement(kind);
  if (name) made.className = name;
  made.textContent = text;
  parent.append(made);
  return made;
}

function turn(who, name, text = "") {
  const box = element("article", `turn ${name}`, log);
  element("p", "who", box, who);
  return { box, text: element("div", "text", box, text) };
}

function toEnd(force) {
  const main = find("talk");
  const near = main.scrollHeight - main.scrollTop - main.clientHeight < 80;
  if (force || near) main.scrollTop = main.scrollHeight;
}

/* Calls tell(object) for every event of a stream; the end of a piece may be anywhere. */
async function events(reply, tell) {
  const reader = reply.body.pipeThrough(new TextDecoderStream()).getReader();
  let held = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    held += value;
    const parts = held.split("\n\n");
    held = parts.pop();
    for (const part of parts) {
      if (part.startsWith("data: ") && part !== "data: [DONE]") tell(JSON.parse(part.slice(6)));
    }
  }
}

class Reply {
  constructor() {
    const { box, text } = turn("Assay", "theirs");
    this.box = box;
    this.text = text;
    this.text.classList.add("waiting");
    this.answer = "";
    this.started = performance.now();
    this.details = null;
  }

  think(piece) {
    if (!this.details) {
      this.details = element("details", "", this.box);
      this.box.insertBefore(this.details, this.text);
      this.summary = element("summary", "", this.details, "Thinking …");
      this.thought = element("div", "thought", this.details);
    }
    this.thought.append(piece);
  }

  write(piece) {
    this.thoughtOver();
    this.answer += piece;
    this.text.append(piece);
  }

  thoughtOver() {
    if (this.details && !this.closed) {
      this.closed = true;
      const seconds = (performance.now() - this.started) / 1000;
      this.summary.textContent = `Thought for ${seconds.toFixed(1)} s`;
    }
  }

  end(problem) {
    this.thoughtOver();
    this.text.classList.remove("waiting");
    if (problem) element("p", "problem", this.box, problem).setAttribute("role", "alert");
  }
}

function busy(is) {
  find("send").hidden = is;
  find("stop").hidden = !is;
  find("new").disabled = is;
  log.setAttribute("aria-busy", String(is));
}

async function ask(text) {
  messages.push({ role: "user", content: text });
  turn("You", "mine", text);
  const reply = new Reply();
  const mine = running = new AbortController();
  busy(true);
  toEnd(true);
  let problem = "";
  try {
    const answer = await fetch("/v1/chat/completions", {
      method: "POST",
      headers: headers(),
      signal: mine.signal,
      body: JSON.stringify({
        messages,
        stream: true,
        stream_options: { include_usage: true },
        chat_template_kwargs: { enable_thinking: find("think").checked },
      }),
    });
    if (!answer.ok) throw new Error(await problemOf(answer));
    await events(answer, (event) => {
      if (mine !== running) return;
      if (event.error) problem = event.error.message;
      const delta = event.choices?.[0]?.delta;
      if (delta?.reasoning_content) reply.think(delta.reasoning_content);
      if (delta?.content) reply.write(delta.content);
      if (event.choices?.[0]?.finish_reason === "length") problem = "The model ran out of room.";
      if (event.timings) {
        find("speed").textContent = `${event.timings.predicted_per_second.toFixed(1)} tokens/s`;
      }
      toEnd(false);
    });
  } catch (error) {
    problem = error.name === "AbortError" ? "Stopped." : error.message || "The connection was lost.";
  }
  if (mine !== running) return;
  reply.end(problem);
  if (reply.answer) messages.push({ role: "assistant", content: reply.answer });
  else messages.pop();
  running = null;
  busy(false);
  toEnd(false);
  question.focus();
}

function fit() {
  question.style.height = "auto";
  question.style.height = `${question.scrollHeight + 2}px`;
}

find("keys").addEventListener("submit", (event) => {
  event.preventDefault();
  sessionStorage.setItem(KEY, find("key").value.trim());
  find("key").value = "";
  enter();
});

find("ask").addEventListener("submit", (event) => {
  event.preventDefault();
  const text = question.value.trim();
  if (!text || running) return;
  question.value = "";
  fit();
  ask(text);
});

question.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
    event.preventDefault();
    find("ask").requestSubmit();
  }
});
question.addEventListener("input", fit);

find("stop").addEventListener("click", () => running?.abort());
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") running?.abort();
});

/* Nothing of the conversation stays; what comes of its answer after this is dropped. */
function clear() {
  running?.abort();
  running = null;
  busy(false);
  messages = [];
  for (const one of log.querySelectorAll(".turn")) one.remove();
  find("speed").textContent = "";
  question.value = "";
  fit();
}

find("new").addEventListener("click", () => {
  clear();
  question.focus();
});

find("leave").addEventListener("click", () => {
  sessionStorage.removeItem(KEY);
  clear();
  find("model").textContent = "";
  show(false);
});

enter();
