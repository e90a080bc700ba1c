/* Two small charts: the residual against time, and the tilts as a fan. Plain SVG. */
(function () {
  "use strict";
  const seconds = (value) => (value >= 120 ? `${Math.round(value / 60)} min` : `${Math.round(value)} s`);

  const sized = {
    data: () => ({ width: 300, height: 100 }),
    mounted() {
      this.observer = new ResizeObserver(() => this.measure());
      this.observer.observe(this.$el);
      this.measure();
    },
    beforeUnmount() {
      this.observer.disconnect();
    },
    methods: {
      measure() {
        this.width = Math.max(this.$el.clientWidth, 40);
        this.height = Math.max(this.$el.clientHeight, 30);
      },
    },
  };

  const ResidualChart = {
    mixins: [sized],
    props: { points: { default: () => [] } },
    template: `
      <div class="lt-chart"><svg :width="width" :height="height">
        <g v-if="points.length > 1">
          <g v-for="tick in ticks" :key="tick.words">
            <line :x1="left" :x2="width - 4" :y1="tick.y" :y2="tick.y" class="lt-grid"/>
            <text :x="left - 6" :y="tick.y + 4" text-anchor="end">{{ tick.words }}</text>
          </g>
          <path :d="area" class="lt-area"/>
          <path :d="line" class="lt-curve"/>
          <circle :cx="last.x" :cy="last.y" r="3.5" class="lt-dot"/>
          <text :x="left" :y="height - 2">{{ startWords }}</text>
          <text :x="width - 4" :y="height - 2" text-anchor="end">{{ endWords }}</text>
        </g>
        <text v-else :x="width / 2" :y="height / 2 + 4" text-anchor="middle" class="lt-empty">
          The curve starts with the first tilt
        </text>
      </svg></div>`,
    computed: {
      left: () => 40,
      span() {
        const times = this.points.map((point) => point[0]);
        const values = this.points.map((point) => Math.log10(Math.max(point[1], 1e-6)));
        let low = Math.min(...values);
        let high = Math.max(...values);
        const room = Math.max(0.12 * (high - low), 0.06);
        return { start: times[0], end: Math.max(times[times.length - 1], times[0] + 1e-3), low: low - room, high: high + room };
      },
      placed() {
        return this.points.map(([time, value]) => ({ x: this.toX(time), y: this.toY(Math.log10(Math.max(value, 1e-6))) }));
      },
      line() {
        return this.placed.map(({ x, y }, index) => `${index ? "L" : "M"}${x.toFixed(1)} ${y.toFixed(1)}`).join("");
      },
      area() {
        const bottom = this.height - 16;
        return `${this.line}L${this.last.x.toFixed(1)} ${bottom}L${this.placed[0].x.toFixed(1)} ${bottom}Z`;
      },
      last() {
        return this.placed[this.placed.length - 1];
      },
      ticks() {
        const candidates = [];
        for (let power = -6; power <= 1; power += 1) {
          for (const step of [1, 2, 5]) candidates.push(step * 10 ** power);
        }
        const inside = candidates.filter((value) => {
          const at = Math.log10(value);
          return at > this.span.low && at < this.span.high;
        });
        const room = Math.min(Math.max(Math.floor((this.height - 22) / 16), 1), 3);
        const every = Math.max(Math.ceil(inside.length / room), 1);
        const chosen = inside.filter((_, index) => index % every === 0);
        const values = chosen.length ? chosen : [this.points[this.points.length - 1][1]];
        return values.map((value) => ({ y: this.toY(Math.log10(value)), words: String(+value.toPrecision(2)) }));
      },
      startWords() {
        return seconds(this.span.start);
      },
      endWords() {
        return seconds(this.span.end);
      },
    },
    methods: {
      toX(time) {
        return this.left + ((this.width - this.left - 8) * (time - this.span.start)) / (this.span.end - this.span.start);
      },
      toY(value) {
        const { low, high } = this.span;
        return 6 + (this.height - 22) * (1 - (value - low) / (high - low));
      },
    },
  };

  const TiltFan = {
    mixins: [sized],
    props: { angles: { default: () => [] }, newest: { default: null } },
    template: `
      <div class="lt-chart"><svg :width="width" :height="height">
        <path :d="arc" class="lt-arc"/>
        <g v-for="mark in marks" :key="mark.words">
          <text :x="mark.x" :y="mark.y" :text-anchor="mark.anchor">{{ mark.words }}</text>
        </g>
        <path :d="rays" class="lt-rays"/>
        <line v-if="newestRay" v-bind="newestRay" class="lt-newest"/>
      </svg></div>`,
    computed: {
      radius() {
        return Math.max(Math.min(this.width / 2 - 24, this.height - 24), 10);
      },
      arc() {
        const start = this.at(-90, this.radius);
        const end = this.at(90, this.radius);
        return `M${start.x} ${start.y}A${this.radius} ${this.radius} 0 0 1 ${end.x} ${end.y}`;
      },
      marks() {
        return [-60, -30, 0, 30, 60].map((angle) => {
          const { x, y } = this.at(angle, this.radius + 6);
          const anchor = angle < -15 ? "end" : angle > 15 ? "start" : "middle";
          return { x, y: y + 2, anchor, words: `${angle}°`.replace("-", "−") };
        });
      },
      rays() {
        return this.angles
          .map((angle) => {
            const from = this.at(angle, this.radius * 0.15);
            const to = this.at(angle, this.radius - 3);
            return `M${from.x.toFixed(1)} ${from.y.toFixed(1)}L${to.x.toFixed(1)} ${to.y.toFixed(1)}`;
          })
          .join("");
      },
      newestRay() {
        if (this.newest === null) return null;
        const from = this.at(this.newest, this.radius * 0.1);
        const to = this.at(this.newest, this.radius);
        return { x1: from.x, y1: from.y, x2: to.x, y2: to.y };
      },
    },
    methods: {
      at(angle, radius) {
        const turn = (angle * Math.PI) / 180;
        return { x: this.width / 2 + radius * Math.sin(turn), y: (this.height + this.radius) / 2 + 4 - radius * Math.cos(turn) };
      },
    },
  };

  window.livetomo_charts = {
    install: (app) => app.component("LtResidualChart", ResidualChart).component("LtTiltFan", TiltFan),
  };
})();
