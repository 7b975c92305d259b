import Testing
import ZswapCore

@Suite struct ObjectOwnerTests {
    private static let areaMax = 1 << 24 - 2
    private static let pageMax: UInt64 = 1 << 40 - 1

    @Test(arguments: [0, 1, Limits.areasMax - 1, areaMax], [0, 1, 4096, pageMax])
    func unpacksToWhatWasPacked(area: Int, page: UInt64) throws {
        let owner = ObjectOwner(area: area, page: PageNumber(page))
        #expect(owner.rawValue != 0)
        #expect(owner.area == area)
        #expect(owner.page == PageNumber(page))
        #expect(try #require(ObjectOwner(rawValue: owner.rawValue)) == owner)
    }

    @Test func whatNoOwnerPacksToIsNobody() {
        for word in [0, 1, 4096, 1 << 40 - 1] as [UInt64] {
            #expect(ObjectOwner(rawValue: word) == nil)
        }
        #expect(ObjectOwner(area: 0, page: PageNumber(0)).rawValue == 1 << 40)
    }

    @Test func theLargestAreaFits() {
        let page = PageNumber(Limits.areaPageCountMax - 1)
        let owner = ObjectOwner(area: Limits.areasMax - 1, page: page)
        #expect(owner.page == page)
        #expect(owner.area == Limits.areasMax - 1)
    }

    @Test func noTwoOwnersPackAlike() {
        var packed: Set<UInt64> = []
        let areas = [0, 1, 2, 255, 256, Self.areaMax]
        let pages = [0, 1, 2, 1 << 24, 1 << 39, Self.pageMax]
        for area in areas {
            for page in pages {
                packed.insert(ObjectOwner(area: area, page: PageNumber(page)).rawValue)
            }
        }
        #expect(packed.count == areas.count * pages.count)
    }

    @Test func areasOutOfRangeTrap() async {
        await #expect(processExitsWith: .failure) {
            _ = ObjectOwner(area: -1, page: PageNumber(0))
        }
        await #expect(processExitsWith: .failure) {
            _ = ObjectOwner(area: 1 << 24 - 1, page: PageNumber(0))
        }
    }

    @Test func pagesOutOfRangeTrap() async {
        await #expect(processExitsWith: .failure) {
            _ = ObjectOwner(area: 0, page: PageNumber(1 << 40))
        }
    }
}
