"""The live view: frames to the browser, gestures back, over one WebSocket for each view."""
