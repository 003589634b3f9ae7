/* A load generator that costs next to nothing.
 *
 *   load json   PORT CONNECTIONS SECONDS PATH BODY KEY      closed loop: each connection asks again when it is answered
 *   load stream PORT CONNECTIONS SECONDS PATH BODY KEY      each connection keeps one stream open, started over the first second
 *
 * Prints one JSON object: how many were answered whole and how many not, quantiles in ms of the answer (json), of the
 * time to the first token and of how late each event of vendor.c came (stream). A stream counts as whole when "[DONE]"
 * ended it. CONNECTIONS may be a rate instead, as in "r500": so many requests a second, open loop. One thread, epoll. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define MAX_FD 65536
#define BUCKETS 200000 /* of 10 microseconds */

typedef struct {
    int live, asked, first, status, want, got, tail_have, connected;
    long long started;
    char head[4096], tail[64];
    int head_have, in_body;
} Conn;

static Conn *conns[MAX_FD];
static unsigned answer_ms[BUCKETS], first_ms[BUCKETS], late_ms[BUCKETS];
static long long whole, broken, events_seen, asked_total;
static int streaming, poll_fd, request_length;
static char *request;
static struct sockaddr_in to;

static long long now_ns(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (long long)t.tv_sec * 1000000000LL + t.tv_nsec;
}

static void note(unsigned *histogram, long long ns) {
    long long at = ns / 10000;
    histogram[at < 0 ? 0 : at >= BUCKETS ? BUCKETS - 1 : at]++;
}

static double quantile(unsigned *histogram, double share) {
    long long total = 0, below = 0;
    for (int i = 0; i < BUCKETS; i++) total += histogram[i];
    if (!total) return -1;
    for (int i = 0; i < BUCKETS; i++)
        if ((below += histogram[i]) >= share * total) return (i + 0.5) / 100;
    return BUCKETS / 100.0;
}

static int dial(void) {
    int one = 1, fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    if (fd < 0 || fd >= MAX_FD) { if (fd >= 0) close(fd); return -1; }
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    if (connect(fd, (struct sockaddr *)&to, sizeof to) && errno != EINPROGRESS) { close(fd); return -1; }
    if (!conns[fd]) conns[fd] = malloc(sizeof(Conn));
    memset(conns[fd], 0, sizeof(Conn));
    conns[fd]->live = 1;
    struct epoll_event event = {.events = EPOLLIN | EPOLLOUT | EPOLLET, .data.fd = fd};
    epoll_ctl(poll_fd, EPOLL_CTL_ADD, fd, &event);
    return fd;
}

static void hang_up(int fd) {
    conns[fd]->live = 0;
    close(fd);
}

static void ask(int fd) {
    Conn *c = conns[fd];
    c->asked = 1;
    c->first = c->in_body = c->head_have = c->got = c->want = c->tail_have = 0;
    c->started = now_ns();
    asked_total++;
    if (send(fd, request, request_length, MSG_NOSIGNAL) != request_length) { broken++; hang_up(fd); }
}

/* The stamps and the end in what came, with what was held of the piece before. */
static int scan(Conn *c, const char *data, int length) {
    static char text[70000];
    memcpy(text, c->tail, c->tail_have);
    memcpy(text + c->tail_have, data, length);
    int have = c->tail_have + length, at = 0, done = 0;
    text[have] = 0;
    long long now = now_ns();
    for (char *p = text; (p = strstr(p, "t=")) && p; ) {
        char *end;
        long long sent = strtoll(p + 2, &end, 10);
        if (*end == 0) break; /* may go on */
        if (*end == ';' && end > p + 10) {
            if (!c->first) { c->first = 1; note(first_ms, now - c->started); }
            events_seen++;
            note(late_ms, now - sent);
        }
        p = end;
        at = p - text;
    }
    if (strstr(text + at, "data: [DONE]")) done = 1;
    int keep = have - at < 48 ? have - at : 48;
    memcpy(c->tail, text + have - keep, keep);
    c->tail_have = keep;
    return done;
}

static int take(int fd, long long until, int again) {
    static char data[65536];
    Conn *c = conns[fd];
    for (;;) {
        ssize_t n = recv(fd, data, sizeof data - 1, 0);
        if (n < 0 && errno == EAGAIN) return 0;
        if (n <= 0) { if (c->asked) broken++; hang_up(fd); return -1; }
        char *body = data;
        int length = n;
        if (!c->in_body) {
            if (c->head_have + n >= (int)sizeof c->head) { broken++; hang_up(fd); return -1; }
            memcpy(c->head + c->head_have, data, n);
            c->head_have += n;
            c->head[c->head_have] = 0;
            char *end = strstr(c->head, "\r\n\r\n");
            if (!end) continue;
            c->status = atoi(c->head + 9);
            if (c->status != 200) { if (!broken) fprintf(stderr, "%.400s\n", c->head); broken++; hang_up(fd); return -1; }
            char *field = strcasestr(c->head, "content-length:");
            c->want = field && field < end ? atoi(field + 15) : -1;
            c->in_body = 1;
            length = c->head_have - (end + 4 - c->head);
            body = end + 4;
        }
        c->got += length;
        int done = streaming ? scan(c, body, length)
                 : c->want >= 0 ? c->got >= c->want
                                : (length >= 5 && !memcmp(body + length - 5, "0\r\n\r\n", 5));
        if (!done) continue;
        c->asked = 0;
        whole++;
        if (!streaming) note(answer_ms, now_ns() - c->started);
        if (streaming) { hang_up(fd); return 1; }
        if (!again || now_ns() >= until) { hang_up(fd); return 1; }
        ask(fd);
    }
}

int main(int argc, char **argv) {
    if (argc != 8) { fprintf(stderr, "usage: load json|stream PORT CONNECTIONS|rRATE SECONDS PATH BODY KEY\n"); return 2; }
    streaming = !strcmp(argv[1], "stream");
    int rate = argv[3][0] == 'r' ? atoi(argv[3] + 1) : 0, wanted = rate ? 0 : atoi(argv[3]);
    double seconds = atof(argv[4]);
    request_length = asprintf(&request,
        "POST %s HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\nauthorization: Bearer %s\r\ncontent-length: %zu\r\n\r\n%s",
        argv[5], argv[7], strlen(argv[6]), argv[6]);
    struct rlimit limit = {MAX_FD, MAX_FD};
    setrlimit(RLIMIT_NOFILE, &limit);
    signal(SIGPIPE, SIG_IGN);
    to = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons(atoi(argv[2])), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    poll_fd = epoll_create1(0);
    long long began = now_ns(), until = began + (long long)(seconds * 1e9), grace = until + 5000000000LL;
    int open = 0, dialled = 0, ramp_ms = streaming ? 1000 : 1;
    struct epoll_event events[1024];
    for (;;) {
        long long now = now_ns();
        if (now >= grace || (now >= until && !open)) break;
        if (now < until) {
            long long due = rate ? (now - began) * rate / 1000000000LL - dialled
                          : streaming ? ((now - began) >= ramp_ms * 1000000LL ? wanted : wanted * (now - began) / (ramp_ms * 1000000LL)) - open
                                      : wanted - open;
            for (; due > 0; due--) {
                if (dial() < 0) { broken++; break; }
                open++;
                dialled++;
            }
        }
        int n = epoll_wait(poll_fd, events, 1024, 1);
        for (int i = 0; i < n; i++) {
            int fd = events[i].data.fd;
            Conn *c = conns[fd];
            if (!c->live) continue;
            if (!c->connected && events[i].events & (EPOLLERR | EPOLLHUP)) { broken++; open--; hang_up(fd); continue; }
            if (!c->connected && events[i].events & EPOLLOUT) { c->connected = 1; ask(fd); }
            if (c->live && events[i].events & (EPOLLIN | EPOLLHUP)) take(fd, until, !rate);
            if (!c->live) open--;
        }
    }
    double took = (now_ns() - began) / 1e9;
    printf("{\"whole\":%lld,\"broken\":%lld,\"open\":%d,\"asked\":%lld,\"seconds\":%.3f,\"events\":%lld,"
           "\"answer_p50_ms\":%.3f,\"answer_p99_ms\":%.3f,\"first_p50_ms\":%.3f,\"first_p99_ms\":%.3f,\"late_p50_ms\":%.3f,\"late_p99_ms\":%.3f}\n",
           whole, broken, open, asked_total, took, events_seen, quantile(answer_ms, .5), quantile(answer_ms, .99),
           quantile(first_ms, .5), quantile(first_ms, .99), quantile(late_ms, .5), quantile(late_ms, .99));
    return 0;
}
