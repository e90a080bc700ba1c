/* A picture that the server draws, with its overlay and the pointer over it.
 *
 * One WebSocket for each view. Frames come as [4 bytes: length of the header][header, JSON][JPEG]; each is
 * acknowledged when it has been drawn, which releases the next one. Pointer movements go out at most once per frame of
 * the screen. What a test or a curious user wants to know is kept in window.livetomo.views[name].
 */
(function () {
  "use strict";
  const AXES = { x: "#ff8078", y: "#7fd494", z: "#7ab8ff" };
  const CROSS = { "slice-z": ["x", "y"], "slice-y": ["x", "z"], "slice-x": ["z", "y"] };
  const page = (window.livetomo = window.livetomo || { views: {}, lost: 0 });
  const now = () => performance.timeOrigin + performance.now();

  function address(view) {
    const scheme = location.protocol === "https:" ? "wss:" : "ws:";
    return `${scheme}//${location.host}/live/${view}`;
  }

  function roundLength(limit) {
    const power = 10 ** Math.floor(Math.log10(limit));
    return [5, 2, 1].map((step) => step * power).find((length) => length <= limit) || power;
  }

  function lengthInWords(nm) {
    if (nm >= 1000) return `${+(nm / 1000).toPrecision(2)} µm`;
    return nm >= 1 ? `${+nm.toPrecision(2)} nm` : `${+(nm * 10).toPrecision(2)} Å`;
  }

  const LiveView = {
    props: {
      view: String,
      controls: { default: "none" },
      voxelSize: { default: 0 },
      crossU: { default: null },
      crossV: { default: null },
    },
    template: `
      <div class="lt-view" ref="box" :data-view="view" :data-controls="controls" tabindex="0"
           @pointerdown="press" @pointermove="move" @pointerup="release" @pointercancel="release"
           @wheel.prevent="wheel" @contextmenu.prevent @dblclick="doubleClick">
        <canvas ref="canvas" :style="place"></canvas>
        <svg v-if="hasPicture" class="lt-overlay">
          <g v-if="cross">
            <line :x1="cross.x" :x2="cross.x" :y1="rect.top" :y2="rect.top + rect.height" :stroke="cross.colorU"/>
            <line :y1="cross.y" :y2="cross.y" :x1="rect.left" :x2="rect.left + rect.width" :stroke="cross.colorV"/>
          </g>
          <g v-if="gizmo" :transform="'translate(46 ' + (box.height - 46) + ')'">
            <g v-for="axis in gizmo" :key="axis.name">
              <line x1="0" y1="0" :x2="axis.x" :y2="axis.y" :stroke="axis.color" stroke-width="2.5"
                    stroke-linecap="round" :opacity="axis.opacity"/>
              <text :x="axis.x * 1.33" :y="axis.y * 1.33 + 4.5" :fill="axis.color" :opacity="axis.opacity"
                    text-anchor="middle">{{ axis.name }}</text>
            </g>
          </g>
          <g v-if="scaleBar" :transform="'translate(' + (box.width - 24) + ' ' + (box.height - 24) + ')'">
            <line :x1="-scaleBar.width" x2="0" y1="0" y2="0" stroke="#e8edf3" stroke-width="4"/>
            <text :x="-scaleBar.width / 2" y="-11" text-anchor="middle" fill="#e8edf3">{{ scaleBar.words }}</text>
          </g>
        </svg>
        <div v-if="caption" class="lt-caption">{{ caption }}</div>
        <slot></slot>
      </div>`,

    data: () => ({ hasPicture: false, info: {}, picture: { width: 1, height: 1 }, box: { width: 1, height: 1 } }),

    computed: {
      rect() {
        const shape = (this.picture.width * this.box.height) / (this.picture.height * this.box.width);
        if (Math.abs(shape - 1) < 0.02) return { left: 0, top: 0, ...this.box }; // coarse frames are rounded
        const scale = Math.min(this.box.width / this.picture.width, this.box.height / this.picture.height);
        const width = this.picture.width * scale;
        const height = this.picture.height * scale;
        return { left: (this.box.width - width) / 2, top: (this.box.height - height) / 2, width, height };
      },
      place() {
        const { left, top, width, height } = this.rect;
        return { left: `${left}px`, top: `${top}px`, width: `${width}px`, height: `${height}px` };
      },
      cross() {
        if (this.crossU === null || this.crossV === null || !CROSS[this.view]) return null;
        const [u, v] = CROSS[this.view];
        return {
          x: this.rect.left + this.crossU * this.rect.width,
          y: this.rect.top + this.crossV * this.rect.height,
          colorU: AXES[u],
          colorV: AXES[v],
        };
      },
      gizmo() {
        if (!this.info.axes) return null;
        const axes = this.info.axes.map(([right, down, towards], index) => {
          const name = "xyz"[index];
          return { name, x: 26 * right, y: 26 * down, towards, color: AXES[name], opacity: towards < -0.2 ? 0.55 : 1 };
        });
        return axes.sort((a, b) => a.towards - b.towards);
      },
      caption() {
        if (this.view !== "volume" || !this.info.tilts) return "";
        return this.info.tilts === 1 ? "Volume from 1 tilt" : `Volume from ${this.info.tilts} tilts`;
      },
      scaleBar() {
        if (!this.voxelSize || !this.info.voxelsHigh) return null;
        const nmPerPixel = (this.info.voxelsHigh * this.voxelSize) / this.rect.height;
        const nm = roundLength(0.22 * this.rect.width * nmPerPixel);
        return { width: nm / nmPerPixel, words: lengthInWords(nm) };
      },
    },

    mounted() {
      this.pointer = null;
      this.pending = null;
      this.record = page.views[this.view] = { frames: 0, sequence: 0, still: false, latencies: [], drawnAt: [] };
      this.observer = new ResizeObserver(() => this.measure());
      this.observer.observe(this.$refs.box);
      if (this.controls === "camera") page.speak = (message) => this.send(message);
      this.connect();
    },

    beforeUnmount() {
      this.closed = true;
      this.observer.disconnect();
      if (this.socket) this.socket.close();
    },

    methods: {
      connect() {
        const socket = (this.socket = new WebSocket(address(this.view)));
        socket.binaryType = "arraybuffer";
        socket.onopen = () => this.measure();
        socket.onmessage = (event) => this.receive(event.data);
        socket.onclose = () => {
          if (!this.closed) page.lost += 1;
        };
      },

      send(message) {
        if (this.socket && this.socket.readyState === WebSocket.OPEN) this.socket.send(JSON.stringify(message));
      },

      measure() {
        const { clientWidth: width, clientHeight: height } = this.$refs.box;
        if (!width || !height) return;
        this.box = { width, height };
        const ratio = Math.min(window.devicePixelRatio || 1, 2);
        this.send({ kind: "size", width: Math.round(width * ratio), height: Math.round(height * ratio) });
      },

      async receive(data) {
        const headerLength = new DataView(data).getUint32(0, true);
        const header = JSON.parse(new TextDecoder().decode(new Uint8Array(data, 4, headerLength)));
        const body = new Uint8Array(data, 4 + headerLength);
        if (header.keep) return this.keep(body);
        const bitmap = await createImageBitmap(new Blob([body], { type: "image/jpeg" }));
        if (this.closed) return;
        this.draw(header, bitmap);
        this.send({ kind: "ack" });
      },

      draw(header, bitmap) {
        const canvas = this.$refs.canvas;
        if (canvas.width !== bitmap.width || canvas.height !== bitmap.height) {
          canvas.width = bitmap.width;
          canvas.height = bitmap.height;
        }
        canvas.getContext("2d").drawImage(bitmap, 0, 0);
        bitmap.close();
        this.picture = { width: header.width, height: header.height };
        this.info = header.info;
        this.hasPicture = true;
        this.note(header);
      },

      note(header) {
        const record = this.record;
        const time = now();
        const latency = time - header.info.stamp;
        if (header.info.stamp > (record.stamp || 0) && latency < 10000) {
          record.stamp = header.info.stamp;
          record.latencies.push(latency);
        }
        record.drawnAt.push(time);
        if (record.drawnAt.length > 1000) record.drawnAt.splice(0, 500);
        if (record.latencies.length > 1000) record.latencies.splice(0, 500);
        record.frames += 1;
        record.sequence = header.sequence;
        record.still = header.still;
        record.version = header.info.version;
      },

      async keep(png) {
        const bitmap = await createImageBitmap(new Blob([png], { type: "image/png" }));
        const canvas = document.createElement("canvas");
        canvas.width = bitmap.width;
        canvas.height = bitmap.height;
        const ink = canvas.getContext("2d");
        ink.drawImage(bitmap, 0, 0);
        if (this.scaleBar) this.drawScaleBar(ink, bitmap.width / this.rect.width);
        const link = document.createElement("a");
        link.href = canvas.toDataURL("image/png");
        link.download = "livetomo.png";
        link.click();
      },

      drawScaleBar(ink, ratio) {
        const { width, words } = this.scaleBar;
        ink.scale(ratio, ratio);
        ink.fillStyle = "#e8edf3";
        ink.font = "600 15px Roboto, sans-serif";
        ink.textAlign = "center";
        ink.fillRect(this.rect.width - 24 - width, this.rect.height - 26, width, 4);
        ink.fillText(words, this.rect.width - 24 - width / 2, this.rect.height - 35);
      },

      press(event) {
        if (this.controls === "none") return;
        this.$refs.box.setPointerCapture(event.pointerId);
        this.pointer = { x: event.clientX, y: event.clientY, pans: event.button !== 0 || event.shiftKey };
        if (this.controls === "slice") this.point(event);
        event.preventDefault();
      },

      move(event) {
        if (!this.pointer) return;
        if (this.controls === "slice") return this.point(event);
        const right = (event.clientX - this.pointer.x) / this.rect.height;
        const down = (event.clientY - this.pointer.y) / this.rect.height;
        this.pointer.x = event.clientX;
        this.pointer.y = event.clientY;
        this.later(this.pointer.pans ? "pan" : "rotate", { right, down });
      },

      release() {
        if (!this.pointer) return;
        this.pointer = null;
        this.flush();
        this.send({ kind: "release" });
      },

      wheel(event) {
        if (this.controls === "camera") this.later("zoom", { power: -event.deltaY / 900 });
        if (this.controls === "slice") this.send({ kind: "step", by: event.deltaY > 0 ? 1 : -1 });
      },

      doubleClick() {
        if (this.controls === "camera") this.send({ kind: "look", direction: "front" });
      },

      point(event) {
        const bounds = this.$refs.box.getBoundingClientRect();
        const u = (event.clientX - bounds.left - this.rect.left) / this.rect.width;
        const v = (event.clientY - bounds.top - this.rect.top) / this.rect.height;
        if (this.pending) this.pending.values = {};
        this.later("point", { u: Math.min(Math.max(u, 0), 1), v: Math.min(Math.max(v, 0), 1) });
      },

      /* Movements of one kind are added up and go out once per frame of the screen. */
      later(kind, values) {
        if (this.pending && this.pending.kind !== kind) this.flush();
        if (!this.pending) {
          this.pending = { kind, values: {} };
          requestAnimationFrame(() => this.flush());
        }
        for (const [name, value] of Object.entries(values)) {
          this.pending.values[name] = (this.pending.values[name] || 0) + value;
        }
      },

      flush() {
        if (!this.pending) return;
        const { kind, values } = this.pending;
        this.pending = null;
        this.send({ kind, ...values, pressed: this.pointer !== null, stamp: now() });
      },
    },
  };

  const say = (message) => page.speak && page.speak(message);
  page.look = (direction) => say({ kind: "look", direction });
  page.keepPicture = () => say({ kind: "keep" });

  const CameraTools = {
    template: `
      <div class="lt-tools" @pointerdown.stop @dblclick.stop>
        <button title="Show the whole volume" @click="look('front')">Reset</button>
        <button v-for="direction in directions" :key="direction" :title="'Look from ' + direction" @click="look(direction)">
          {{ direction.replace("-", "−").toUpperCase() }}
        </button>
        <button title="Keep this picture as a PNG file" @click="keep">Save picture</button>
      </div>`,
    data: () => ({ directions: ["+x", "-x", "+y", "-y", "+z", "-z"] }),
    methods: { look: page.look, keep: page.keepPicture },
  };

  window.livetomo_live_view = {
    install: (app) => app.component("LtLiveView", LiveView).component("LtCameraTools", CameraTools),
  };
})();
