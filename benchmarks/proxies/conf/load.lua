-- wrk script. Arguments: content type, then one file per thread with its body.
-- Every thread sends one fixed request, so wrk copies nothing per request.
local threads = 0

function setup(thread)
    threads = threads + 1
    thread:set("number", threads)
end

function init(args)
    local file = assert(io.open(args[1 + number], "rb"))
    wrk.method = "POST"
    wrk.body = file:read("*a")
    file:close()
    wrk.headers["Connection"] = "keep-alive"
    wrk.headers["Content-Type"] = args[1]
    wrk.headers["Accept"] = "*/*"
    wrk.headers["Accept-Language"] = "*"
    wrk.headers["Sec-Fetch-Mode"] = "cors"
    wrk.headers["User-Agent"] = "node"
    wrk.headers["Accept-Encoding"] = "gzip, deflate"
end

function done(summary, latency, requests)
    local e = summary.errors
    io.write(string.format(
        '{"requests":%d,"duration_us":%d,"p50_us":%.1f,"p99_us":%.1f,'
            .. '"connect":%d,"read":%d,"write":%d,"status":%d,"timeout":%d}\n',
        summary.requests, summary.duration,
        latency:percentile(50), latency:percentile(99),
        e.connect, e.read, e.write, e.status, e.timeout))
end
