
// Click on a column's name to sort by it; without this script the tables stand as they are.
for (const table of document.querySelectorAll("table.sortable")) {
  const heads = [...table.tHead.rows[0].cells];
  heads.forEach((head, column) => {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...head.childNodes);
    head.append(button);
    button.addEventListener("click", () => {
      const down = head.getAttribute("aria-sort") === "ascending";
      heads.forEach((other) => other.removeAttribute("aria-sort"));
      head.setAttribute("aria-sort", down ? "descending" : "ascending");
      const key = (row) => row.cells[column].dataset.key ?? row.cells[column].textContent;
      const numeric = head.classList.contains("number");
      const order = (a, b) => numeric ? key(a) - key(b) : key(a).localeCompare(key(b));
      const rows = [...table.tBodies[0].rows].sort(order);
      table.tBodies[0].append(...(down ? rows.reverse() : rows));
    });
  });
}

// Point at an operation to read it; without this script the figure stands as it is.
const held = document.getElementById("points");
if (held) {
  const told = JSON.parse(held.textContent);
  const column = (name, Kind) => {
    const raw = Uint8Array.from(atob(told[name]), (letter) => letter.charCodeAt(0));
    return new Kind(raw.buffer);
  };
  const due = column("due", Float32Array), wait = column("wait", Float32Array);
  const number = column("number", Uint32Array), client = column("client", Uint16Array);
  const region = column("region", Uint8Array), attempts = column("attempts", Uint8Array);
  const outcome = column("outcome", Uint8Array), kind = column("kind", Uint8Array);
  const words = (i) => {
    const tries = attempts[i] === 1 ? "1 attempt" : `${attempts[i]} attempts`;
    const place = told.regions[region[i]] ?? "no region";
    return [
      `Operation ${number[i]}: ${told.kinds[kind[i]]} by client ${client[i]}`,
      `due at ${due[i].toFixed(3)} s, waited ${(wait[i] * 1000).toFixed(1)} ms`,
      `${told.outcomes[outcome[i]]} after ${tries}, last at ${place}`,
    ].join("\n");
  };
  const bubble = document.createElement("output");
  bubble.className = "bubble";
  document.body.append(bubble);
  for (const svg of document.querySelectorAll("svg[data-frames]")) {
    const ring = document.createElementNS("http://www.w3.org/2000/svg", "circle");
    ring.setAttribute("class", "ring");
    ring.setAttribute("r", "4");
    const hide = () => { bubble.classList.remove("shown"); ring.remove(); };
    const show = (event) => {
      const at = new DOMPoint(event.clientX, event.clientY).matrixTransform(svg.getScreenCTM().inverse());
      const frame = JSON.parse(svg.dataset.frames).find((f) =>
        at.x >= f.left && at.x <= f.left + f.width && at.y >= f.top && at.y <= f.top + f.height);
      if (!frame) return hide();
      const across = frame.width / (frame.ends - frame.starts);
      const up = frame.height / Math.log(frame.high / frame.low);
      let nearest = -1, least = 12 * 12;
      for (let i = 0; i < due.length; i++) {
        const dx = frame.left + (due[i] - frame.starts) * across - at.x;
        if (dx > 12 || dx < -12) continue;
        const dy = frame.top + Math.log(frame.high / Math.max(wait[i], 1e-4)) * up - at.y;
        if (dx * dx + dy * dy < least) { least = dx * dx + dy * dy; nearest = i; }
      }
      if (nearest < 0) return hide();
      ring.setAttribute("cx", frame.left + (due[nearest] - frame.starts) * across);
      ring.setAttribute("cy", frame.top + Math.log(frame.high / Math.max(wait[nearest], 1e-4)) * up);
      svg.append(ring);
      bubble.textContent = words(nearest);
      bubble.classList.add("shown");
      const room = document.documentElement.clientWidth - bubble.offsetWidth - 8;
      bubble.style.left = `${Math.max(8, Math.min(event.pageX + 14, room))}px`;
      bubble.style.top = `${event.pageY + 14}px`;
    };
    svg.addEventListener("pointermove", show);
    svg.addEventListener("pointerdown", show);
    svg.addEventListener("pointerleave", hide);
  }
}
