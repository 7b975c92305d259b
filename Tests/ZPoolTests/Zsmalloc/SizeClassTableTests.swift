import Testing
import ZPool

/// The size classes against the table that the kernel's rule gives and live zram confirmed.
@Suite struct SizeClassTableTests {
    /// `size:pages/objects` for chain 8: 119 classes.
    private static let chain8 = """
        32:1/128 48:3/256 64:1/64 80:5/256 96:3/128 112:7/256 128:1/32 144:7/199 160:5/128 176:4/93
        192:3/64 208:3/59 224:7/128 240:1/17 256:1/16 272:1/15 288:5/71 304:7/94 320:5/64 336:6/73
        352:8/93 368:8/89 384:3/32 400:5/51 416:6/59 432:7/66 448:7/64 464:5/44 480:2/17 496:4/33
        512:1/8 528:4/31 544:2/15 560:7/51 576:1/7 592:8/55 608:7/47 624:2/13 640:5/32 656:5/31
        672:1/6 688:8/47 704:5/29 720:3/17 736:2/11 752:7/38 768:3/16 784:5/26 816:1/5 832:8/39
        848:5/24 864:7/33 880:8/37 896:7/32 912:7/31 928:5/22 944:3/13 960:4/17 976:6/25 992:8/33
        1024:1/4 1056:8/31 1072:5/19 1088:4/15 1104:3/11 1120:8/29 1136:5/18 1168:2/7 1184:7/24
        1200:5/17 1216:3/10 1232:7/23 1248:4/13 1280:5/16 1296:7/22 1360:1/3 1424:8/23 1440:6/17
        1456:5/14 1488:4/11 1504:7/19 1536:3/8 1552:8/21 1568:5/13 1584:7/18 1632:2/5 1680:7/17
        1696:5/12 1712:8/19 1744:3/7 1792:7/16 1808:4/9 1856:5/11 1888:6/13 1904:7/15 1920:8/17
        2048:1/2 2176:8/15 2192:7/13 2224:6/11 2272:5/9 2336:4/7 2384:7/12 2448:3/5 2512:8/13
        2560:5/8 2592:7/11 2720:2/3 2864:7/10 2912:5/7 2976:8/11 3072:3/4 3184:7/9 3264:4/5
        3408:5/6 3504:6/7 3584:7/8 3632:8/9 4096:1/1
        """

    @Test func chain8IsTheKernelsTable() {
        let expected = Self.chain8.split { $0 == " " || $0 == "\n" }.map(String.init)
        let actual = SizeClassTable(chainLength: 8).classes.map {
            "\($0.byteCount):\($0.frameCount)/\($0.objectCount)"
        }
        #expect(actual == expected)
        #expect(actual.count == 119)
    }

    /// Chain length, classes after merging, largest class that is not huge.
    @Test(arguments: [
        (4, 69, 3264), (5, 86, 3408), (6, 94, 3504), (7, 110, 3584), (8, 119, 3632),
        (9, 136, 3680), (10, 141, 3712), (11, 153, 3744), (12, 159, 3776), (13, 173, 3792),
        (14, 179, 3808), (15, 186, 3840), (16, 192, 3840),
    ])
    func everyChainHasItsClasses(chainLength: Int, count: Int, largest: Int) {
        let table = SizeClassTable(chainLength: chainLength)
        #expect(table.classes.count == count)
        #expect(table.classes.last { !$0.isHuge }?.byteCount == largest)
        #expect(table.hugeByteCount == largest - 8 + 1)
        #expect(table.classes.last?.byteCount == 4096)
        #expect(table.classes.filter(\.isHuge).count == 1)
    }

    @Test(arguments: [(4, 3257), (8, 3625), (16, 3833)])
    func theHugeWatermarkIsTheKernels(chainLength: Int, byteCount: Int) {
        #expect(SizeClassTable(chainLength: chainLength).hugeByteCount == byteCount)
    }

    @Test(arguments: [
        (1, 32), (24, 32), (25, 48), (92, 112), (100, 112), (500, 512), (63, 80), (1000, 1024),
        (1365, 1424), (2000, 2048), (2040, 2048), (2041, 2176), (2150, 2176), (3000, 3072),
        (3200, 3264), (3256, 3264), (3257, 3408), (3500, 3584), (3614, 3632), (3624, 3632),
        (3625, 4096), (4088, 4096), (4089, 4096), (4096, 4096),
    ])
    func payloadsFindTheirClass(byteCount: Int, size: Int) {
        let sizeClass = SizeClassTable(chainLength: 8).sizeClass(ofByteCount: byteCount)
        #expect(sizeClass.byteCount == size)
        #expect(sizeClass.isHuge == (size == 4096))
    }

    @Test(arguments: 4...16)
    func everyPayloadFitsAndNoSmallerClassWouldDo(chainLength: Int) {
        let table = SizeClassTable(chainLength: chainLength)
        for byteCount in 1...4096 {
            let place = table.place(ofByteCount: byteCount)
            #expect(table.classes[place].objectByteCountMax >= byteCount)
            if place > 0 { #expect(table.classes[place - 1].objectByteCountMax < byteCount) }
        }
    }

    @Test(arguments: 4...16)
    func everyClassKeepsItsLaws(chainLength: Int) {
        let classes = SizeClassTable(chainLength: chainLength).classes
        for sizeClass in classes {
            #expect(sizeClass.frameCount <= chainLength)
            #expect(sizeClass.objectCount == sizeClass.frameCount * 4096 / sizeClass.byteCount)
            #expect(sizeClass.byteCount == 32 + 16 * sizeClass.rawIndex)
        }
        for (small, large) in zip(classes, classes.dropFirst()) {
            #expect(small.byteCount < large.byteCount)
            let isSameShape =
                small.frameCount == large.frameCount && small.objectCount == large.objectCount
            #expect(!isSameShape, "\(small) should be merged into \(large)")
        }
    }
}
