// Connection: one connection to a PostgreSQL server, through libpq's asynchronous calls.
//
// For threads of the pool, one at a time: libpq looks up names and runs handshakes that block, and
// its socket may change while it connects. So a thread waits here, on whatever socket there is, and
// no wait goes on longer than `silence` without a byte moving; Interrupt ends it at once.
//
// Errors: bad_event where the server refuses a row; unavailable and transient as fault_of() has
// it; cancelled after an interrupt. What is broken() afterwards is of no more use.
#pragma once

#include <libpq-fe.h>

#include <expected>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "server.h"
#include "table.h"
#include "tidemill/log.h"
#include "tidemill/posix.h"
#include "tidemill/result.h"
#include "tidemill/time.h"

namespace tidemill::postgres {

/// Ends the waits of all connections of a sink. Thread-safe.
class Interrupt {
 public:
  Interrupt();
  void set() const;
  void clear() const;
  int descriptor() const { return event_.get(); }

 private:
  Descriptor event_;
};

/// SQL and the texts of its parameters.
struct Statement {
  std::string sql;
  std::vector<std::string> parameters;
};

/// What the server said of something that failed.
struct Refusal {
  std::string sqlstate;  ///< Empty: it said nothing.
  Error error;
};

using Answer = std::expected<void, Refusal>;
using Rows = std::vector<std::vector<Field>>;

class Connection {
 public:
  /// `interrupt` and `log` outlive it. A login that works out, with the session's settings made.
  static std::expected<std::unique_ptr<Connection>, Refusal> open(const Server& server,
                                                                  Duration timeout,
                                                                  const Interrupt& interrupt,
                                                                  Log& log);
  ~Connection() = default;
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  /// One statement, on its own.
  std::expected<Rows, Refusal> query(const Statement& statement);

  /// All of them in one transaction, sent at once; none of it stands where one fails.
  Answer run(std::span<const Statement> statements);

  /// Lines of COPY's text format, as query().
  Answer copy(const std::string& sql, std::string_view lines);

  /// Is it of use for something else? False as soon as the server has closed it.
  bool usable();
  bool broken() const { return broken_; }

 private:
  struct Finish {
    void operator()(PGconn* connection) const { PQfinish(connection); }
  };
  struct Clear {
    void operator()(PGresult* result) const { PQclear(result); }
  };
  using Got = std::unique_ptr<PGresult, Clear>;

  Connection(const Interrupt& interrupt, Log& log) : interrupt_(interrupt), log_(log) {}

  Answer log_in(const Server& server);
  Answer settle_in(Duration timeout);
  Answer wait(short events, short* ready = nullptr);
  Answer flush();
  Answer next(Got& result);
  Answer drain(Rows* rows);
  Answer send(const Statement& statement);
  Answer collect_pipeline();
  Answer put(std::string_view lines);
  Refusal lost(std::string_view what);
  static Refusal refusal_of(const PGresult& result);

  const Interrupt& interrupt_;
  Log& log_;
  std::unique_ptr<PGconn, Finish> connection_;
  int silence_ms_ = 0;
  bool broken_ = false;
};

}  // namespace tidemill::postgres
