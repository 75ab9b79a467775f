// Elements of the page, and what is drawn of a picture.

const SCALE = { width: 300, edge: 10, most: Math.log(999) }; // log odds at which the scale ends

export function make(tag, className, ...children) {
  const element = document.createElement(tag);
  if (className) element.className = className;
  element.append(...children);
  return element;
}

function draw(tag, attributes, ...children) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

export function picture(source, alternative, className) {
  const image = make("img", className);
  image.src = source;
  image.alt = alternative;
  image.decoding = "async";
  return image;
}

/* The probability on a scale of log odds, whose zones are the verdicts. */
export function scale(found, thresholds) {
  const { width, edge, most } = SCALE;
  const at = (logit) => {
    const share = (Math.min(most, Math.max(-most, logit)) + most) / (2 * most);
    return edge + share * (width - 2 * edge);
  };
  const logit = (p) => Math.log(p / (1 - p));
  const { generated, uncertain } = thresholds;
  const ends = [edge, at(logit(uncertain)), at(logit(generated)), width - edge];
  const svg = draw("svg", { class: "scale", viewBox: `0 0 ${width} 34`, role: "img" },
    draw("title", {}, "P(generated) from 0.001 to 0.999; colours are the verdicts"));
  ["natural", "uncertain", "generated"].forEach((kind, i) => {
    svg.append(draw("rect", { class: `zone of-${kind}`, x: ends[i], y: 10, height: 6,
      width: Math.max(0, ends[i + 1] - ends[i]) }));
  });
  for (const p of [0.001, 0.01, 0.1, 0.5, 0.9, 0.99, 0.999]) {
    svg.append(draw("text", { x: at(logit(p)), y: 29, "text-anchor": "middle" }, `${p}`));
  }
  const x = at(found.logit);
  svg.append(draw("path", { class: "mark", d: `M${x - 5.5} 2h11l-5.5 15z` }));
  return svg;
}

/* The picture's radial spectrum beside the averages of both kinds: as it is, and as it differs. */
export function spectra(values, { frequencies, natural, generated }) {
  const less = (row) => row.map((value, i) => value - natural.mean[i]);
  const relative = ({ mean, deviation }) => ({ mean: less(mean), deviation });
  const legend = make("span", "legend", make("span", "", "this picture"),
    make("span", "of-natural", "natural"), make("span", "of-generated", "generated"));
  return [
    make("figure", "", chart(frequencies, values, natural, generated),
      make("figcaption", "", legend, "Log10 of the power by frequency, as the detector sees it, "
        + "beside the mean of its training pictures and one standard deviation.")),
    make("figure", "", chart(frequencies, less(values), relative(natural), relative(generated)),
      make("figcaption", "", "The same less the natural mean: 0.3 is twice the power.")),
  ];
}

function chart(frequencies, values, natural, generated) {
  const box = { left: 34, top: 8, right: 372, bottom: 196 };
  const kinds = [["natural", natural], ["generated", generated]];
  const edges = ({ mean, deviation }) => [1, -1].map((sign) =>
    mean.map((m, i) => m + sign * deviation[i]));
  const all = [values, ...edges(natural), ...edges(generated)].flat();
  const [step, low, high] = ticks(Math.min(...all), Math.max(...all));
  const x = (f) => box.left + 2 * f * (box.right - box.left);
  const y = (v) => box.bottom - (v - low) / (high - low) * (box.bottom - box.top);
  const point = (v, i) => `${x(frequencies[i]).toFixed(1)} ${y(v).toFixed(1)}`;
  const line = (row) => `M${row.map(point).join("L")}`;
  const svg = draw("svg", { class: "spectrum", viewBox: "0 0 380 226", role: "img" },
    draw("title", {}, "Power by frequency"));
  for (let v = low; v < high + step / 2; v += step) {
    svg.append(draw("path", { class: "grid", d: `M${box.left} ${y(v)}H${box.right}` }),
      draw("text", { x: box.left - 5, y: y(v) + 3, "text-anchor": "end" }, `${+v.toFixed(1)}`));
  }
  for (const f of [0, 0.1, 0.2, 0.3, 0.4, 0.5]) {
    svg.append(draw("text", { x: x(f), y: 209, "text-anchor": "middle" }, `${f}`));
  }
  svg.append(draw("text", { x: (box.left + box.right) / 2, y: 222, "text-anchor": "middle" },
    "cycles per pixel"));
  for (const [kind, each] of kinds) {
    const [upper, lower] = edges(each).map((row) => row.map(point));
    const around = [...upper, ...lower.reverse()].join("L");
    svg.append(draw("path", { class: `band of-${kind}`, d: `M${around}Z` }),
      draw("path", { class: `line of-${kind}`, d: line(each.mean) }));
  }
  svg.append(draw("path", { class: "line of-picture", d: line(values) }));
  return svg;
}

/* Round numbers around what is drawn: their distance, the first and the last. */
function ticks(least, most) {
  const step = [0.1, 0.2, 0.5, 1, 2].find((each) => (most - least) / each <= 6) ?? 5;
  return [step, step * Math.floor(least / step), step * Math.ceil(most / step + 1e-9)];
}
