#include "connection.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <utility>

#include "sql_fault.h"

namespace tidemill::postgres {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds connect_silence = std::chrono::seconds(10);
// The server ends a statement by itself; this much later it is taken to hang.
constexpr milliseconds grace = std::chrono::seconds(2);
constexpr std::size_t copy_piece = 64 << 10;
constexpr int looks_for_clients = 140000;  // A version of the server.

void note(void* log, const char* said) {
  static_cast<Log*>(log)->write(LogLevel::debug, "postgres: " + on_one_line(said));
}

std::string field_of(const PGresult& result, int field) {
  const char* const text = PQresultErrorField(&result, field);
  return text == nullptr ? std::string() : text;
}

}  // namespace

Interrupt::Interrupt() : event_(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {}

void Interrupt::set() const {
  const std::uint64_t one = 1;
  std::ignore = ::write(event_.get(), &one, sizeof one);
}

void Interrupt::clear() const {
  std::uint64_t count = 0;
  std::ignore = ::read(event_.get(), &count, sizeof count);
}

std::expected<std::unique_ptr<Connection>, Refusal> Connection::open(const Server& server,
                                                                     Duration timeout,
                                                                     const Interrupt& interrupt,
                                                                     Log& log) {
  std::unique_ptr<Connection> connection(new Connection(interrupt, log));
  if (auto in = connection->log_in(server); !in) return std::unexpected(std::move(in.error()));
  if (auto set = connection->settle_in(timeout); !set)
    return std::unexpected(std::move(set.error()));
  return connection;
}

Answer Connection::log_in(const Server& server) {
  std::vector<const char*> keywords;
  std::vector<const char*> values;
  for (const auto& [keyword, value] : server.parameters) {
    keywords.push_back(keyword.c_str());
    values.push_back(value.c_str());
  }
  keywords.push_back(nullptr);
  values.push_back(nullptr);
  silence_ms_ = static_cast<int>(connect_silence.count());
  connection_.reset(PQconnectStartParams(keywords.data(), values.data(), 0));
  if (connection_ == nullptr || PQstatus(connection_.get()) == CONNECTION_BAD)
    return std::unexpected(lost("cannot be reached"));
  PQsetErrorVerbosity(connection_.get(), PQERRORS_VERBOSE);
  PQsetNoticeProcessor(connection_.get(), note, &log_);
  for (auto state = PGRES_POLLING_WRITING; state != PGRES_POLLING_OK;) {
    if (state == PGRES_POLLING_FAILED) return std::unexpected(lost("cannot be reached"));
    if (auto ready = wait(state == PGRES_POLLING_READING ? POLLIN : POLLOUT); !ready) return ready;
    state = PQconnectPoll(connection_.get());
  }
  PQsetErrorVerbosity(connection_.get(), PQERRORS_DEFAULT);
  if (PQsetnonblocking(connection_.get(), 1) != 0) return std::unexpected(lost("is lost"));
  return {};
}

Answer Connection::settle_in(Duration timeout) {
  const auto limit = std::chrono::ceil<milliseconds>(timeout);
  silence_ms_ = static_cast<int>((limit + grace).count());
  const std::string milli = std::to_string(limit.count());
  auto set = query({"SELECT set_config('statement_timeout', $1, false)", {milli}});
  if (!set) return std::unexpected(std::move(set.error()));
  if (PQserverVersion(connection_.get()) < looks_for_clients) return {};
  // What we have given up, the server should give up too, rather than hold its locks until it is
  // through. Not every system lets it look.
  auto looks = query({"SELECT set_config('client_connection_check_interval', '1s', false)", {}});
  if (!looks && broken_) return std::unexpected(std::move(looks.error()));
  return {};
}

// Nothing has an answer any more; the server undoes what it did not commit.
Refusal Connection::lost(std::string_view what) {
  broken_ = true;
  std::string message(what);
  ConnectFailure said;
  if (connection_ != nullptr) said = parse_connect_failure(PQerrorMessage(connection_.get()));
  if (!said.message.empty()) message.append(": ").append(said.message);
  return {std::move(said.sqlstate), {Fault::unavailable, std::move(message), {}}};
}

Refusal Connection::refusal_of(const PGresult& result) {
  std::string sqlstate = field_of(result, PG_DIAG_SQLSTATE);
  std::string message = field_of(result, PG_DIAG_MESSAGE_PRIMARY);
  if (message.empty()) message = PQresultErrorMessage(&result);
  const Fault fault = sqlstate.empty() ? Fault::unavailable : fault_of(sqlstate);
  // Details quote values: they are for the dead letter, not for the log.
  const std::string detail = field_of(result, PG_DIAG_MESSAGE_DETAIL);
  if (fault == Fault::bad_event && !detail.empty()) message.append(" (").append(detail).append(")");
  if (!sqlstate.empty()) message = sqlstate + ": " + message;
  return {std::move(sqlstate), {fault, on_one_line(message), {}}};
}

Answer Connection::wait(short events, short* ready) {
  std::array<pollfd, 2> descriptors{
      {{PQsocket(connection_.get()), events, 0}, {interrupt_.descriptor(), POLLIN, 0}}};
  int count = 0;
  do count = ::poll(descriptors.data(), descriptors.size(), silence_ms_);
  while (count < 0 && errno == EINTR);
  if ((descriptors[1].revents & POLLIN) != 0) {
    broken_ = true;
    return std::unexpected(Refusal{{}, {Fault::cancelled, "the sink is being closed", {}}});
  }
  if (count > 0) {
    if (ready != nullptr) *ready = descriptors[0].revents;
    return {};
  }
  broken_ = true;
  return std::unexpected(Refusal{
      {},
      {Fault::unavailable, "does not answer within " + std::to_string(silence_ms_) + " ms", {}}});
}

// A server that has much to say reads no further until somebody listens.
Answer Connection::flush() {
  for (;;) {
    const int left = PQflush(connection_.get());
    if (left == 0) return {};
    if (left < 0) return std::unexpected(lost("is lost"));
    short ready = 0;
    if (auto waited = wait(POLLIN | POLLOUT, &ready); !waited) return waited;
    if ((ready & POLLIN) != 0 && PQconsumeInput(connection_.get()) == 0)
      return std::unexpected(lost("is lost"));
  }
}

Answer Connection::next(Got& result) {
  while (PQisBusy(connection_.get()) != 0) {
    if (auto waited = wait(POLLIN); !waited) return waited;
    if (PQconsumeInput(connection_.get()) == 0) return std::unexpected(lost("is lost"));
  }
  result.reset(PQgetResult(connection_.get()));
  return {};
}

// The answers to what was sent outside a pipeline; of several failures the first.
Answer Connection::drain(Rows* rows) {
  Answer answer;
  for (Got got;;) {
    if (auto came = next(got); !came) return came;
    if (got == nullptr) break;
    const auto status = PQresultStatus(got.get());
    if (status == PGRES_FATAL_ERROR && answer) answer = std::unexpected(refusal_of(*got));
    if (status != PGRES_TUPLES_OK || rows == nullptr) continue;
    for (int row = 0; row < PQntuples(got.get()); ++row) {
      auto& fields = rows->emplace_back();
      for (int column = 0; column < PQnfields(got.get()); ++column) {
        const bool is_null = PQgetisnull(got.get(), row, column) != 0;
        fields.push_back(is_null ? Field() : Field(PQgetvalue(got.get(), row, column)));
      }
    }
  }
  if (PQstatus(connection_.get()) == CONNECTION_BAD) broken_ = true;
  return answer;
}

Answer Connection::send(const Statement& statement) {
  std::vector<const char*> values;
  for (const std::string& parameter : statement.parameters) values.push_back(parameter.c_str());
  if (PQsendQueryParams(connection_.get(), statement.sql.c_str(), static_cast<int>(values.size()),
                        nullptr, values.data(), nullptr, nullptr, 0) == 0)
    return std::unexpected(lost("is lost"));
  return {};
}

std::expected<Rows, Refusal> Connection::query(const Statement& statement) {
  Rows rows;
  Answer answer = send(statement);
  if (answer) answer = flush();
  if (answer) answer = drain(&rows);
  if (!answer) return std::unexpected(std::move(answer.error()));
  return rows;
}

Answer Connection::run(std::span<const Statement> statements) {
  if (PQenterPipelineMode(connection_.get()) == 0) return std::unexpected(lost("is lost"));
  Answer answer = send({"BEGIN", {}});
  for (const Statement& statement : statements)
    if (answer) answer = send(statement);
  if (answer) answer = send({"COMMIT", {}});
  if (answer && PQpipelineSync(connection_.get()) == 0) answer = std::unexpected(lost("is lost"));
  if (answer) answer = flush();
  if (answer) answer = collect_pipeline();
  if (broken_) return answer;
  if (PQexitPipelineMode(connection_.get()) == 0) return std::unexpected(lost("is lost"));
  if (!answer)
    if (auto undone = query({"ROLLBACK", {}}); !undone) broken_ = true;
  return answer;
}

Answer Connection::collect_pipeline() {
  Answer answer;
  for (Got got;;) {
    if (auto came = next(got); !came) return came;
    if (PQstatus(connection_.get()) == CONNECTION_BAD) {
      if (!answer) broken_ = true;
      return answer ? std::unexpected(lost("is lost")) : std::move(answer);
    }
    if (got == nullptr) continue;  // What belongs to the next statement follows.
    const auto status = PQresultStatus(got.get());
    if (status == PGRES_PIPELINE_SYNC) return answer;
    if (status == PGRES_FATAL_ERROR && answer) answer = std::unexpected(refusal_of(*got));
  }
}

Answer Connection::put(std::string_view lines) {
  while (!lines.empty()) {
    const std::string_view piece = lines.substr(0, copy_piece);
    const int taken =
        PQputCopyData(connection_.get(), piece.data(), static_cast<int>(piece.size()));
    if (taken < 0) return std::unexpected(lost("is lost"));
    if (taken > 0) lines.remove_prefix(piece.size());
    if (auto sent = flush(); !sent) return sent;
  }
  int ended = 0;
  while ((ended = PQputCopyEnd(connection_.get(), nullptr)) == 0)
    if (auto sent = flush(); !sent) return sent;
  if (ended < 0) return std::unexpected(lost("is lost"));
  return flush();
}

Answer Connection::copy(const std::string& sql, std::string_view lines) {
  if (PQsendQuery(connection_.get(), sql.c_str()) == 0) return std::unexpected(lost("is lost"));
  if (auto sent = flush(); !sent) return sent;
  Got got;
  if (auto came = next(got); !came) return came;
  if (got != nullptr && PQresultStatus(got.get()) == PGRES_COPY_IN) {
    got.reset();
    if (auto done = put(lines); !done) return done;
    return drain(nullptr);
  }
  Answer answer =
      std::unexpected(got == nullptr ? lost("does not answer to COPY") : refusal_of(*got));
  if (auto rest = drain(nullptr); !rest && broken_) return rest;
  return answer;
}

bool Connection::usable() {
  pollfd descriptor{PQsocket(connection_.get()), POLLIN, 0};
  if (!broken_ && ::poll(&descriptor, 1, 0) > 0 && PQconsumeInput(connection_.get()) == 0)
    broken_ = true;
  return !broken_ && PQstatus(connection_.get()) == CONNECTION_OK &&
         PQtransactionStatus(connection_.get()) == PQTRANS_IDLE;
}

}  // namespace tidemill::postgres
