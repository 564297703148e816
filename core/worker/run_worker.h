// What runs inside a worker process: the plugin, through the same NativeFunction as in the engine,
// fed from the channel that the process was handed.
//
// The program calls it instead of anything else when its first argument is `worker`. Only a
// WorkerFunction can start one: it needs the descriptors of worker_process.h.
#pragma once

namespace tidemill {

/// Serves batches until the engine says quit. Returns the exit code of the process. When the engine
/// dies, the kernel ends the process.
int run_worker();

}  // namespace tidemill
