// The few messages of Streamlit's component protocol that we use, spoken directly.

function send(type, fields) {
  window.parent.postMessage({ isStreamlitMessage: true, type, ...fields }, "*");
}

/** Calls `render({args, theme})` whenever the page's script ran. */
export function connect(render) {
  window.addEventListener("message", (event) => {
    if (event.source !== window.parent || event.data?.type !== "streamlit:render") return;
    render({ args: event.data.args ?? {}, theme: event.data.theme ?? null });
  });
  send("streamlit:componentReady", { apiVersion: 1 });
}

/** Tells the page's script the whole text, and what was last asked for; its stamp makes the same thing twice two requests. */
export function report(text, request) {
  send("streamlit:setComponentValue", { dataType: "json", value: { text, request } });
}

/** Gives the frame the height that its content has. */
export function resize(height) {
  send("streamlit:setFrameHeight", { height });
}
