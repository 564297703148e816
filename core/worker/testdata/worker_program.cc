// What WorkerFunction starts in tests, in place of the tidemill binary.
#include "core/worker/run_worker.h"

int main() { return tidemill::run_worker(); }
