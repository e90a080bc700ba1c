/* Says that the connection is lost, and loads the page again when the server is back. */
(function () {
  "use strict";
  const page = (window.livetomo = window.livetomo || { views: {}, lost: 0 });

  /* What trame still tries to send when the connection is gone fails with this code; the words below say enough. */
  const NOT_CONNECTED = -32099;
  window.addEventListener("unhandledrejection", (event) => {
    if (event.reason && event.reason.code === NOT_CONNECTED) event.preventDefault();
  });

  const Connection = {
    props: { ended: { default: false } },
    template: `
      <div v-if="isLost" class="lt-lost" :data-ended="ended" role="alert">
        <div class="lt-lost-card">
          <div class="lt-lost-title">{{ ended ? "The run has ended" : "Connection lost" }}</div>
          <div>{{ ended ? "This page is no longer live; it can be closed."
                        : "The reconstruction goes on. Trying to connect again …" }}</div>
        </div>
      </div>`,
    data: () => ({ isLost: false }),
    mounted() {
      this.timer = setInterval(() => this.look(), 1000);
    },
    beforeUnmount() {
      clearInterval(this.timer);
    },
    methods: {
      async look() {
        this.isLost = page.lost > 0;
        if (!this.isLost) return;
        try {
          const answer = await fetch("index.html", { cache: "no-store" });
          if (answer.ok) location.reload();
        } catch {
          /* Not there yet: the next look may find it. */
        }
      },
    },
  };

  window.livetomo_connection = { install: (app) => app.component("LtConnection", Connection) };
})();
