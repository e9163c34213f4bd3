#include "app/server.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/signal_set.hpp>
#include <signal.h>  // NOLINT(modernize-deprecated-headers): SIGHUP is POSIX.
#include <spdlog/logger.h>
#include <sys/stat.h>
#include <unistd.h>

#include "app/config.h"
#include "app/hangup.h"
#include "app/initial_streams.h"
#include "app/logger.h"
#include "app/memory.h"
#include "app/open_ports.h"
#include "app/ready_file.h"
#include "app/ready_notice.h"
#include "app/second_signal.h"
#include "app/secrets.h"
#include "app/store.h"
#include "app/system_limits.h"
#include "app/worker_pool.h"
#include "app/world_news.h"
#include "base/alarms.h"
#include "base/error.h"
#include "base/metrics.h"
#include "base/random.h"
#include "base/sealer.h"
#include "base/try.h"
#include "base/wall_clock.h"
#include "millrace_version.h"
#include "net/async.h"
#include "net/budget.h"
#include "net/connection.h"
#include "net/io_loop.h"
#include "net/limits.h"
#include "net/listener.h"
#include "net/session_context.h"
#include "net/sessions.h"
#include "net/tls_context.h"
#include "server/access_log.h"
#include "server/admin.h"
#include "server/control/control.h"
#include "server/dispatcher.h"
#include "server/front_door.h"
#include "server/load_metrics.h"
#include "server/log_writer.h"
#include "server/process_metrics.h"
#include "server/refusal_watch.h"
#include "server/rejections.h"
#include "server/request_handler.h"
#include "server/store_metrics.h"
#include "server/stream_metrics.h"
#include "storage/engine.h"
#include "streams/catalogue.h"
#include "streams/errors.h"
#include "world/world.h"
#include "world/worlds.h"

namespace millrace::app {
namespace {

using SteadyClock = std::chrono::steady_clock;

constexpr std::size_t kWorkers = 2;
constexpr std::chrono::seconds kMemoryPeriod{60};
constexpr std::chrono::milliseconds kDrainStep{5};
// Less may be the time that a start takes after a fast stop.
constexpr std::chrono::milliseconds kClockLeadNoted{1000};
constexpr std::chrono::seconds kLookPeriod{1};

// One I/O loop with what its connections share.
struct IoSide {
  IoSide(asio::io_context& watch, server::Dispatcher& dispatcher, const net::Limits& limits,
         net::Budget& bodies, net::Budget& answers, const net::TlsSide& tls,
         server::Rejections& rejections, Random& random)
      : handler(dispatcher, rejections, loop, random),
        loop(watch),
        context{handler, limits, bodies, answers, loop, sessions, tls} {}

  server::RequestHandler handler;
  net::Sessions sessions;
  net::IoLoop loop;  // Connections that have not ended go with it, before what they use.
  net::SessionContext context;
};

class Server {
 public:
  Server(const Config& config, ReadOptions read_options, spdlog::logger& log,
         server::LogWriter& log_writer, OpenStore& store, std::optional<ReadyFile> ready_file,
         SecondSignal& second_signal)
      : config_(config),
        read_options_(std::move(read_options)),
        limits_(config.limits),
        log_(log),
        store_(store),
        access_log_(log_writer, config.log_format, config.access_log),
        rejections_(metrics_, access_log_),
        second_signal_(second_signal),
        sealer_(store.seal_key, random_),
        initial_streams_(config.streams, config.defaults, log),
        secrets_(wall_, sealer_, metrics_, log),
        refusals_(log),
        workers_(kWorkers),
        scrapes_(1),
        ready_notice_(std::move(ready_file),
                      std::ranges::find(config.ports, 0) != config.ports.end(), log) {
    limits_.connections_max = connections_max(limits_.connections_max);
    server::add_load_metrics(
        metrics_, {connections_, [this] { return worlds_->current()->subscriptions().count(); },
                   bodies_, answers_, log_writer});
    server::add_store_metrics(metrics_, {config.memory_budget_bytes, config.disk_budget_bytes},
                              engine());
    metrics_.add_writer(server::write_process_metrics);
  }

  Result<void> start() {
    const auto* directory = store_.directory ? &*store_.directory : nullptr;
    TRY(secrets_.open(config_, directory, random_));
    TRY(open_worlds());
    if (config_.has_stream_metrics) {
      metrics_.add_writer([this](MetricsText& text) {
        const auto world = worlds_->current();
        stream_metrics_.write(text, {world->engine(), world->clock(), world->catalogue()});
      });
    }
    control_ = std::make_unique<server::control::Control>(
        *worlds_, config_.defaults, config_.has_control, secrets_.signature_check(), log_);
    const server::Backends backends{*worlds_, *control_,       sealer_,
                                    metrics_, access_log_,     rejections_,
                                    log_,     workers_.pool(), scrapes_.pool()};
    dispatcher_ = std::make_unique<server::Dispatcher>(
        backends, server::FrontDoor(config_.allow_hosts, config_.allow_origins),
        server::Admin(
            metrics_, [this] { return ready(); }, secrets_.ca()),
        config_.defaults, limits_, secrets_.signature_check());
    for (std::uint32_t i = 0; i < thread_count(config_.threads); ++i) {
      sides_.push_back(std::make_unique<IoSide>(accept_io_, *dispatcher_, limits_, bodies_,
                                                answers_, secrets_.tls(), rejections_, random_));
    }
    watch_refusals();
    return listen();
  }

  void run() {
    for (const auto& side : sides_) {
      asio::co_spawn(side->loop.io(), side->sessions.watch(limits_.write_timeout), asio::detached);
      side->loop.start();
    }
    signals_.async_wait([this](const boost::system::error_code& error, int signal) {
      if (error) return;
      log_.info("stopping on signal {}", signal);
      second_signal_.arm();
      accept_io_.stop();
    });
    hangup_.start();
    initial_active_ = first_world_->clock().wake_at(initial_streams_.active_at(), [this] {
      asio::post(accept_io_, [this] { look_whether_ready(); });
    });
    net::Timer memory(accept_io_.get_executor());
    arm_memory(memory);
    net::Timer look(accept_io_.get_executor());
    arm_look(look);
    accept_io_.run();
    stop();
  }

 private:
  [[nodiscard]] storage::Engine& engine() const { return store_.store->engine(); }

  Result<void> open_worlds() {
    world::Outside outside{wall_, sealer_};
    outside.on_exceeded = [this](std::string_view limit) { news_.count_exceeded(limit); };
    outside.on_transition = [this](const auto& transition) { news_.log_transition(transition); };
    outside.on_offset_max = [this] { news_.log_offset_max(); };
    outside.run_later = [this](std::function<void()> work) {
      asio::post(workers_.pool(), std::move(work));
    };
    const world::Options options{config_.catalogue, config_.subscriptions, config_.limits_mode,
                                 config_.enforces_policies};
    worlds_ = TRY(world::Worlds::open(
        store_.store, outside, options,
        [this](const world::World& world, const streams::Catalogue::Meant& is_meant) {
          return initial_streams_.create(world.catalogue(), is_meant);
        }));
    first_world_ = worlds_->current();
    if (first_world_->raised_by() > kClockLeadNoted) {
      log_.warn(
          "the newest time in the data directory is ahead of this machine's clock: times of "
          "streams and records are {} s ahead of it",
          std::chrono::ceil<std::chrono::seconds>(first_world_->raised_by()).count());
    }
    return {};
  }

  [[nodiscard]] Result<void> ready() const {
    TRY(engine().writable());
    if (worlds_->current()->clock().now() < initial_streams_.active_at()) {
      return fail(streams::kInternalFailure, "Streams made at start are not ACTIVE yet.");
    }
    return {};
  }

  void look_whether_ready() {
    ready_notice_.look([this] { return ready().has_value(); });
    if (!ready_notice_.is_given()) return;
    initial_active_ = {};
    first_world_.reset();
  }

  Result<void> listen() {
    listener_ = std::make_unique<net::Listener>(
        accept_io_, [this]() -> asio::io_context& { return next_side().loop.io(); },
        [this](net::Socket socket) { serve_socket(std::move(socket)); }, connections_,
        limits_.connections_max, refused_connections_);
    auto endpoints = TRY(open_ports(config_, *listener_, log_));
    return ready_notice_.prepare(facts_of_this(std::move(endpoints), secrets_.ca()));
  }

  void watch_refusals() {
    refusals_.add("writes", [this]() -> std::optional<std::string> {
      const auto writable = engine().writable();
      return writable ? std::nullopt : std::optional(writable.error().message);
    });
    refusals_.count("requests",
                    "bodies under way take all of --inflight-budget, or a connection its quarter",
                    [this] { return bodies_.refused(); });
    refusals_.count("answers",
                    "those not sent yet take all of --answer-budget, or a connection its quarter",
                    [this] { return answers_.refused(); });
    refusals_.count("connections",
                    "there are " + std::to_string(limits_.connections_max) +
                        ", as many as --connections-max or the limit of descriptors allow",
                    [this] { return refused_connections_.value(); });
  }

  IoSide& next_side() { return *sides_[next_side_]; }

  // Called right after a socket was accepted for next_side().
  void serve_socket(net::Socket socket) {
    IoSide& side = next_side();
    next_side_ = (next_side_ + 1) % sides_.size();
    asio::co_spawn(side.loop.io(), net::serve_connection(std::move(socket), &side.context),
                   [this](const std::exception_ptr& failure) {
                     --connections_;
                     if (failure) log_.error("a connection ended with an exception");
                   });
  }

  void arm_memory(net::Timer& timer) {
    asio::post(workers_.pool(), give_back_free_memory);  // At first what replaying a log has left.
    timer.expires_after(kMemoryPeriod);
    timer.async_wait([this, &timer](const boost::system::error_code& error) {
      if (!error) arm_memory(timer);
    });
  }

  void arm_look(net::Timer& timer) {
    timer.expires_after(kLookPeriod);
    timer.async_wait([this, &timer](const boost::system::error_code& error) {
      if (error) return;
      access_log_.report_left_out();
      look_at_refusals();
      look_whether_ready();
      arm_look(timer);
    });
  }

  // On a worker: whether the store takes writes may be a question to the device.
  void look_at_refusals() {
    if (is_looking_.exchange(true)) return;
    asio::post(workers_.pool(), [this] {
      refusals_.look();
      is_looking_ = false;
    });
  }

  // What may change while the server runs.
  void read_again() {
    const auto config = read_options_();
    if (!config) {
      log_.error("on SIGHUP: {}; nothing was changed", config.error().message);
      return;
    }
    secrets_.read_again(*config);
    log_.info("on SIGHUP: read the files again; the log level is {}", config->log_level);
    log_.set_level(spdlog::level::from_str(config->log_level));
  }

  // Ends idle connections, lets the others have their answers, then closes the store.
  void stop() {
    ready_notice_.withdraw();
    listener_->stop();
    for (const auto& side : sides_) {
      asio::post(side->loop.io(),
                 [this, &sessions = side->sessions] { sessions.stop(limits_.half_sent_timeout); });
    }
    const auto deadline = SteadyClock::now() + limits_.drain_timeout;
    while (connections_.load() > 0 && SteadyClock::now() < deadline) {
      std::this_thread::sleep_for(kDrainStep);
    }
    if (connections_.load() > 0) log_.warn("{} connections did not end", connections_.load());
    workers_.join();
    scrapes_.join();
    for (const auto& side : sides_) side->loop.stop();
  }

  const Config& config_;
  const ReadOptions read_options_;
  net::Limits limits_;
  spdlog::logger& log_;
  const OpenStore& store_;
  const SystemWallClock wall_;
  SystemRandom random_;
  Metrics metrics_;
  WorldNews news_{metrics_, log_};
  server::AccessLog access_log_;
  server::Rejections rejections_;
  Counter& refused_connections_ = metrics_.counter(
      "millrace_connections_refused_total", "Connections closed because there were too many.");
  SecondSignal& second_signal_;
  Sealer sealer_;
  InitialStreams initial_streams_;
  Secrets secrets_;
  server::RefusalWatch refusals_;
  WorkerPool workers_;
  WorkerPool scrapes_;
  server::StreamMetrics stream_metrics_;
  std::unique_ptr<world::Worlds> worlds_;
  std::unique_ptr<server::control::Control> control_;
  std::shared_ptr<const world::World> first_world_;  // Until it is ready.
  Alarms::Token initial_active_;
  std::unique_ptr<server::Dispatcher> dispatcher_;
  std::atomic<std::size_t> connections_{0};
  net::Budget bodies_{{limits_.inflight_bytes_max, limits_.body_bytes_max}};
  net::Budget answers_{{limits_.answer_bytes_max, limits_.one_answer_bytes_max}};
  asio::io_context accept_io_{1};  // Of the main thread, which never waits for the store.
  asio::signal_set signals_{accept_io_, SIGTERM, SIGINT};  // Caught before a port is open.
  Hangup hangup_{accept_io_, {[this] { read_again(); }, [this] { accept_io_.stop(); }}};
  ReadyNotice ready_notice_;
  std::vector<std::unique_ptr<IoSide>> sides_;
  std::size_t next_side_ = 0;
  std::atomic<bool> is_looking_{false};
  std::unique_ptr<net::Listener> listener_;
};

}  // namespace

int serve(const Config& config, ReadOptions read_again) {
  raise_descriptor_limit();
  ::umask(077);                // What is stored is its owner's.
  ::signal(SIGPIPE, SIG_IGN);  // Whoever read the output may have gone.
  ::signal(SIGHUP, SIG_IGN);   // Until there is something to reload.
  server::LogWriter log_writer(STDERR_FILENO);
  const auto log = make_logger(log_writer, config.log_format, config.log_level);
  log->info("millrace {}", kVersion);
  for (const std::string& warning : config.warnings) log->warn("{}", warning);
  std::optional<ReadyFile> ready_file;
  if (!config.ready_file.empty()) {
    auto opened = ReadyFile::open(config.ready_file);
    if (!opened) {
      log->error("{}", opened.error().message);
      return 1;
    }
    ready_file.emplace(std::move(*opened));
  }
  auto store = open_store(config, *log);
  if (!store) {
    log->error("{}", store.error().message);
    return 1;
  }
  SecondSignal second_signal(*log, log_writer);  // Until the store is closed.
  {
    Server server(config, std::move(read_again), *log, log_writer, **store, std::move(ready_file),
                  second_signal);
    if (auto started = server.start(); !started) {
      log->error("{}", started.error().message);
      return 1;
    }
    server.run();
  }
  store->reset();
  log->info("stopped");
  return 0;
}

}  // namespace millrace::app
