// LiveApi: what people watch of a running engine - how it and its pipelines are, and events as they
// pass.
//
//     GET /api/v1/pipelines            every pipeline, one JSON object a line
//     GET /api/v1/pipelines/NAME       one
//     GET /api/v1/status               the engine and every pipeline, as one JSON object
//     GET /api/v1/status?latencies=1   with the buckets of their latencies, see
//     core/base/latencies.h
//     GET /api/v1/tap/NAME?at=source   events of a pipeline as they pass, see app/tap_stream.h;
//                                      also where=PATTERN, sample=N, rate=10/s, limit_bytes=4KiB
//
// Totals count from the engine's start: who wants rates asks twice. Handlers run on the scheduler's
// executor, which is the engine's.
#pragma once

#include <cstddef>
#include <string>

#include "core/http/router.h"
#include "core/pipeline/engine.h"
#include "tidemill/time.h"

namespace tidemill::app {

class LiveApi {
 public:
  /// Everything referred to outlives this object, and this object outlives the server.
  LiveApi(Scheduler& scheduler, Engine& engine, std::string data_folder);

  void add_routes(Router& router);

  /// Ends what is streamed, and gives its readers a moment to see the end of it. Once, at last.
  Task<> close();

 private:
  HttpResponse pipelines(const HttpRequest& request) const;
  HttpResponse status(const HttpRequest& request) const;
  HttpResponse tap(const HttpRequest& request);

  Scheduler& scheduler_;
  Engine& engine_;
  const std::string data_folder_;
  const Instant started_;
  const WallTime started_wall_;  // Names this life of the engine.
  std::size_t streams_ = 0;      // Taps that are being read.
};

}  // namespace tidemill::app
