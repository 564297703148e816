// StateApi: the questions about tables, progress and dead letters, as paths of the admin API. A
// live engine answers them over its socket, the command line answers them itself on a stopped one;
// both ask here.
//
//     GET    /api/v1/tables                          the tables
//     GET    /api/v1/tables/NAME?key=K               one row
//     GET    /api/v1/tables/NAME?prefix=P&limit=N&cursor=K    rows behind K
//     GET    /api/v1/tables/NAME?count=1             how many rows
//     GET    /api/v1/progress/PIPELINE               how far its source has come
//     DELETE /api/v1/progress/PIPELINE               forget it; refused while the engine runs
//     GET    /api/v1/dead-letters?FILTER             all, or those that a filter leaves
//     GET    /api/v1/dead-letters/NUMBER             everything about one
//     GET    /api/v1/dead-letters/stats?FILTER       how many, by place and code
//     POST   /api/v1/dead-letters/replay?FILTER&rate=R&force=1     play them again
//     DELETE /api/v1/dead-letters?FILTER             remove them; all of them only with yes=1
//
// FILTER is pipeline=, function=, stage=, code=, since=, where= and number= (see letter_filter.h).
// With dry_run=1 a replay or a removal is only told. With form=text, lines for people; else one
// JSON object a line.
#pragma once

#include <map>
#include <string>

#include "core/state/inspect.h"
#include "core/state/rocks_store.h"

namespace tidemill::app {

using Query = std::map<std::string, std::string, std::less<>>;

struct StateQuestion {
  std::string method = "GET";
  std::string path;  ///< Decoded, behind /api/v1/: "tables/images".
  Query query;
};

/// What a query says of the form of its answer, and of the rows it wants.
inspect::Form form_of(const Query& query);
Result<inspect::ScanOptions> scan_options(const Query& query);

/// Errors: bad_config (no such table, pipeline, path), transient.
Result<> answer(RocksStore& store, const StateQuestion& question, WallTime now,
                const inspect::LineSink& lines);

/// The question as a request line's target: "/api/v1/tables/images?key=a%2Fb".
std::string target(const StateQuestion& question);

}  // namespace tidemill::app
