import Foundation

/// A file of pages as programs really have them, to fill memory with.
public final class SamplePages {
    /// A whole number of pages of 4096 bytes.
    public var path: String { file.path }
    private let file = TemporaryFile("pages")

    /// The collected pages of the workplace where they are, else pages of a live Python
    /// interpreter.
    public init() throws {
        if CorpusPages.areHere {
            try CorpusPages.unpack("python", to: path)
        } else {
            let (status, output) = try SwapHost.run("python3", ["-c", Self.script, path])
            guard status == 0 else { throw SwappedProcess.Trouble(output: output) }
        }
    }

    /// Writes its own heap: what objects, strings and code of an interpreter look like.
    private static let script = """
        import ast, decimal, json, re, sys, tokenize
        live = [ast.parse(open(m.__file__).read()) for m in (ast, decimal, json, re, tokenize)]
        live += [{"number": n, "text": str(n) * 3} for n in range(40000)]
        with open("/proc/self/maps") as maps, open("/proc/self/mem", "rb", 0) as memory:
            with open(sys.argv[1], "wb") as pages:
                for line in maps.read().splitlines():
                    fields = line.split()
                    if not fields[1].startswith("rw") or pages.tell() > 24 << 20:
                        continue
                    if len(fields) > 5 and fields[5] != "[heap]":
                        continue
                    start, end = (int(x, 16) for x in fields[0].split("-"))
                    for at in range(start, min(end, start + (16 << 20)), 4096):
                        memory.seek(at)
                        page = memory.read(4096)
                        if page.count(0) < 4096:
                            pages.write(page)
        """
}
